import { spawnSync } from 'node:child_process';
import path from 'node:path';

const run = (start: string) =>
  spawnSync(
    process.execPath,
    [
      '-r',
      path.resolve(__dirname, '../../support/typescript-register.cjs'),
      '-e',
      `require(${JSON.stringify(path.resolve(__dirname, '../../../src/compose/program.ts'))}).runProgram(async () => { ${start} })`,
    ],
    { encoding: 'utf8' },
  );

it('says why a program cannot start, and nothing of what it was about', () => {
  const { status, stderr } = run(`require('node:fs').readFileSync('/nowhere/hidden')`);
  expect([status, stderr]).toEqual([1, 'cannot start: ENOENT\n']);
  expect(run(`throw new RangeError('hidden')`).stderr).toBe('cannot start: RangeError\n');
});
