import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jsonOf, zipOf } from '../../support/bundle-fixture';
import { ROOT } from '../../support/program';
import { makeTestTsa } from '../../support/test-tsa';
import { bundleOf, CAST, witnessedPlan } from './bundle-world';

const KEY = ['--key', CAST.log.vkey];
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'assent-verify-calls-'));
  const tsa = makeTestTsa();
  writeFileSync(path.join(dir, 'bundle'), jsonOf(bundleOf(witnessedPlan(tsa))));
  tsa.close();
});
afterAll(() => rmSync(dir, { recursive: true }));

const run = (...args: readonly string[]) => {
  const program = path.join(ROOT, 'tools/assent-verify.mjs');
  return spawnSync(process.execPath, [program, ...args], { cwd: dir, encoding: 'utf8', timeout: 10_000 });
};

it.each(['--help', '-h'])('%s prints how it is called', (option) => {
  const { status, stdout, stderr } = run(option);
  expect([status, stdout, stderr]).toEqual([0, expect.stringMatching(/^usage: node assent-verify/), '']);
});

it.each([
  ['--key', 'neither a verifier key nor a file that holds one'],
  ['--witness', 'neither a verifier key nor a file that holds one'],
  ['--tsa', 'there is no such file: nope'],
  ['--app-secret-file', 'there is no such file: nope'],
])('%s of a file that is not there is told by its name', (option, sentence) => {
  const { status, stderr } = run(...KEY, option, 'nope', 'bundle');
  expect([status, stderr.split('\n')[0]]).toEqual([1, `${option}: ${sentence}`]);
});

it.each([
  ['--key', CAST.witness.vkey, 'this is the verifier key of a witness, not of a log'],
  ['--witness', CAST.log.vkey, 'this is the verifier key of a log, not of a witness'],
  ['--key', CAST.witness.vkey.slice(0, -4), 'not a verifier key'],
])('%s of another kind is told by it', (option, vkey, sentence) => {
  const { status, stderr } = run(...KEY, option, vkey, 'bundle');
  expect([status, stderr.split('\n')[0]]).toEqual([1, `${option}: ${sentence}`]);
});

it('a certificate that is none is told in words', () => {
  writeFileSync(path.join(dir, 'bent.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  const { status, stderr } = run(...KEY, '--tsa', 'bent.pem', 'bundle');
  expect([status, stderr.split('\n')[0]]).toEqual([1, '--tsa: the file holds a certificate that cannot be read']);
});

it.each([
  ['a bundle', ['nope/bundle'], '         there is no such file: nope/bundle'],
  ['another bundle', ['--earlier', 'nope', 'bundle'], '         other bundle 1: there is no such file: nope'],
  ['a folder', ['.'], '         the bundle is not a file: .'],
])('%s that is not there is named', (_what, args, sentence) => {
  const { status, stdout } = run(...KEY, ...args);
  expect([status, stdout.split('\n')]).toEqual([1, expect.arrayContaining([sentence])]);
});

it.each([
  ['a problem that the server answered', JSON.stringify({ type: 'about:blank', title: 'Not Found', status: 404 })],
  ['the same on lines of its own', JSON.stringify({ type: 'about:blank', title: 'Not Found' }, null, 2)],
  ['words', '# Assent\n\nBulk messages on Messenger.\n'],
  ['nothing', ''],
])('%s for a bundle is called no bundle', (_what, content) => {
  writeFileSync(path.join(dir, 'other'), content);
  const { status, stdout } = run(...KEY, 'other');
  expect([status, stdout]).toEqual([1, expect.stringContaining('this is no bundle')]);
});

it('a bundle that is damaged is called one', () => {
  for (const content of [
    jsonOf(new Map([['README.txt', Buffer.from('x')]])),
    zipOf([['VERIFIER-SHA256', Buffer.of()]]),
  ]) {
    writeFileSync(path.join(dir, 'other'), content);
    expect(run(...KEY, 'other').stdout).not.toContain('this is no bundle');
  }
});
