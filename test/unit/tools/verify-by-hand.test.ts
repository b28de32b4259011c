import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { noteOf, withManifest, type Files } from '../../support/bundle-fixture';
import { ROOT } from '../../support/program';
import { makeTestTsa, type TestTsa } from '../../support/test-tsa';
import { bundleOf, CAST, honestPlan } from './bundle-world';
import { bend, edit, put } from './tamperings';

let tsa: TestTsa;
let honest: Files;

beforeAll(() => {
  tsa = makeTestTsa();
  const plan = honestPlan(tsa, tsa);
  delete plan.after.selfStamp;
  honest = bundleOf(plan);
});
afterAll(() => tsa.close());

async function byHand(files: Files, args: readonly string[] = [], prepare: (dir: string) => void = () => undefined) {
  const dir = mkdtempSync(path.join(tmpdir(), 'assent-by-hand-'));
  for (const [name, bytes] of files) {
    mkdirSync(path.join(dir, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(dir, name), bytes);
  }
  prepare(dir);
  const script = path.join(ROOT, 'tools/verify-by-hand.sh');
  const child = spawn('bash', [script, CAST.log.vkey, ...args], { cwd: dir });
  const [printed, , [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  const planted = existsSync(path.join(dir, 'planted'));
  rmSync(dir, { recursive: true });
  return { status, printed, planted, failures: printed.split('\n').filter((line) => line.startsWith('FAIL')) };
}

const changed = (...changes: readonly ((files: Files) => void)[]): Files => {
  const files = new Map(honest);
  for (const change of changes) change(files);
  return files;
};
const resigned = (...changes: readonly ((files: Files) => void)[]): Files =>
  withManifest(changed(...changes), CAST.log);

it('passes what is honest, and says whose word the time is', async () => {
  const [whole, alone] = await Promise.all([byHand(honest, [tsa.authorityFile]), byHand(honest)]);
  expect(whole).toMatchObject({ status: 0, failures: [], planted: false });
  expect(whole.printed).toContain('(by the authority you gave)');
  expect(alone).toMatchObject({ status: 0, failures: [] });
  expect(alone.printed).toContain("the time rests on the operator's word");
});

it('fails for each thing that was tampered with, and names it', async () => {
  const files = resigned(
    bend('entries/0002.json', 80),
    bend('sends/0001.message.nonce'),
    bend('checkpoints/at-3.consistency', 60),
    bend('anchors/after.tsr', 300),
    bend('evidence/0003/seg.001.bin'),
    edit('sends/0002.inner', (inner) => inner.replace('of 1', 'of 2')),
    (tree) => [...tree.keys()].filter((name) => name.startsWith('notices/')).forEach((name) => bend(name)(tree)),
  );
  const { status, failures } = await byHand(files, [tsa.authorityFile]);
  expect(status).toBe(1);
  for (const name of [
    'entries/0002 ',
    'entries/0003 follows',
    'sends/0001 is one of',
    'sends/0002 is one of',
    'at-3.note is the beginning',
    'anchors/after.tsr',
    'evidence/0003/seg.001.bin',
    'notices/',
  ])
    expect(failures.join('\n')).toContain(name);
});

it('fails under another key, without a manifest that names all, and for a checkpoint nobody signed', async () => {
  const forged = noteOf(`${CAST.log.name}\n3\n${'A'.repeat(43)}=\n`, CAST.log).replace(/ \S{20}/, ` ${'A'.repeat(20)}`);
  const [unnamed, unsigned] = await Promise.all([
    byHand(changed(put('more.txt', 'x'))),
    byHand(resigned(put('checkpoints/at-3.note', forged))),
  ]);
  expect(unnamed.failures.join()).toContain('the manifest names every file');
  expect(unsigned.failures.join()).toContain('checkpoints/at-3.note is signed');
});

it('does not follow links, and takes no name that could be mistaken', async () => {
  const link = await byHand(honest, [], (dir) => symlinkSync('/etc/passwd', path.join(dir, 'views')));
  const name = await byHand(changed(put('entries/0009$(touch planted).json', 'x')));
  for (const found of [link, name]) expect(found).toMatchObject({ status: 1, planted: false });
  expect(link.failures.join()).toContain('holds a link');
});

it('runs nothing that is hidden in a number', async () => {
  const hidden = 'failed[$(touch planted)0]';
  const note = noteOf(`${CAST.log.name}\n${hidden}\n${'A'.repeat(43)}=\n`, CAST.log);
  const plants = [
    resigned(
      edit('sends/0001.inner', (inner) => inner.replace('of 3', `of ${hidden}`)),
      edit('sends/0002.inner', (inner) => inner.replace('position 0', `position ${hidden}`)),
      edit('entries/0001.tlog-proof', (proof) => proof.replace('index 1', `index ${hidden}`)),
      edit('checkpoints/at-3.consistency', (proof) => proof.replace('from 3', `from ${hidden}`)),
      put('checkpoints/before.note', note),
      edit('checkpoints/before.consistency', (proof) => proof.replace('from 1', `from ${hidden}`)),
    ),
    resigned(put('checkpoints/after.note', note)),
  ];
  const found = await Promise.all(plants.map((files) => byHand(files)));
  expect(found.map(({ status, planted }) => [status, planted])).toEqual(plants.map(() => [1, false]));
});
