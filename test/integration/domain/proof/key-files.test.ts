import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeAnnounceKeys, makeRotateLogKey, makeSettleLogKeys } from '../../../../src/domain/consent';
import { bundleSigner, logSigner, logVkey, makeThinCheckpoints } from '../../../../src/domain/ledger';
import { makeLeadBundle, makeRangeProofs } from '../../../../src/domain/proof';
import type { KeyRing } from '../../../../src/domain/keyring.types';
import { jsonOf, resigned, treeOf, type Tree } from '../../../support/bundle-tree';
import { openVerifier, reasonsOf, statesOf, type Verdict, type Verifier } from '../../../support/verifier';
import type { TestPage } from '../inbox/inbox-world';
import { openProofWorld, type ProofWorld, type Subscriber } from './proof-world';

const DAY_MS = 86_400_000;
let world: ProofWorld;
let page: TestPage;
let verifier: Verifier;
let lead: Subscriber;
/** A bundle about the same person before the key was replaced, in the 30 days, and after them; and after a second time. */
let trees: { before: Tree; beside: Tree; after: Tree; again: Tree };
let keys: [first: string, second: string, third: string];
let firstRing: ReturnType<typeof bundleSigner>;
/** The key ring of processes that have not looked since before the first rotation. */
let stale: [KeyRing, KeyRing];

const rotate = async (): Promise<string> => (await makeRotateLogKey(world.deps)()).vkey;
const settle = () => makeSettleLogKeys(world.deps)();
const later = (days: number): void => world.setNow(new Date(world.now().getTime() + days * DAY_MS));
const exported = async (): Promise<Tree> =>
  treeOf(await makeLeadBundle(world.bundleDeps)({ accountId: page.accountId, leadUuid: lead.uuid, form: 'json' }));

beforeAll(async () => {
  world = await openProofWorld();
  verifier = openVerifier();
  page = await world.newPage();
  const first = world.vkey;
  firstRing = bundleSigner(logSigner(await world.otherRing(), world.deps.logOrigin));
  await makeAnnounceKeys(world.deps)({ vkey: first, appSecrets: [] });
  await world.sequence();
  await world.anchor();
  lead = await world.subscribe(page);
  await world.anchor();
  const before = await exported();
  stale = [await world.otherRing(), await world.otherRing()];
  const second = await rotate();
  await world.sequence();
  await settle();
  const beside = await exported();
  await world.subscribe(page);
  later(29);
  await world.subscribe(page);
  later(2);
  await settle();
  await world.subscribe(page);
  // The one by which the first key vouches for the second is anchored by nobody.
  await makeThinCheckpoints({ ...world.deps, clock: { ...world.deps.clock, now: () => new Date(8e12) } })();
  const after = await exported();
  const third = await rotate();
  await world.sequence();
  await settle();
  later(31);
  await settle();
  await world.subscribe(page);
  await world.anchor();
  keys = [first, second, third];
  trees = { before, beside, after, again: await exported() };
});
afterAll(async () => {
  verifier.close();
  await world.close();
});

const judge = (tree: Tree | Buffer, ...vkeys: string[]): Verdict =>
  verifier.verify(
    Buffer.isBuffer(tree) ? tree : jsonOf(tree),
    vkeys.flatMap((vkey) => ['--key', vkey]),
  );
const wholeBy = (tree: Tree | Buffer, ...vkeys: string[]): boolean => {
  const verdict = judge(tree, ...vkeys);
  const isWhole = statesOf(verdict) === 'PASS PASS PASS PASS ABSENT' && verdict.exit === 2;
  if (!isWhole) expect([verdict.exit, verdict.levels[0]!.state]).toEqual([1, 'FAIL']);
  return isWhole;
};

it('proves itself to whoever holds a key of its time, and to whoever holds an earlier one', () => {
  const byKey = (tree: Tree): boolean[] => keys.map((vkey) => wholeBy(tree, vkey));
  expect(byKey(trees.before)).toEqual([true, false, false]);
  expect(byKey(trees.beside)).toEqual([true, true, false]);
  expect(byKey(trees.after)).toEqual([true, true, false]);
  expect(byKey(trees.again)).toEqual([true, true, true]);
  expect(wholeBy(trees.before, keys[2], keys[0])).toBe(true);
});

it('says by which key it was checked, where that is not the one that was given', () => {
  expect(judge(trees.after, keys[0]).notes.join('\n')).toContain(`signed with ${keys[1]}, for which a key you gave`);
  for (const [tree, vkey] of [
    [trees.before, keys[0]],
    [trees.beside, keys[0]],
    [trees.after, keys[1]],
  ] as const)
    expect(judge(tree, vkey).notes.join('\n')).not.toContain('for which a key you gave');
});

it('has the entries that name the keys, from the first rotation on', () => {
  const named = (tree: Tree): string[] => [...tree.keys()].filter((name) => /^keys\/\d/.test(name));
  const files = (n: number): string[] => ['json', 'nonce', 'tlog-proof'].map((what) => `keys/000${String(n)}.${what}`);
  expect(named(trees.before)).toEqual([]);
  expect(named(trees.beside)).toEqual([...files(1), ...files(2)]);
  expect(named(trees.again)).toEqual([...files(1), ...files(2), ...files(3)]);
  expect(trees.again.get('keys/log.vkey')!.toString()).toBe(`${keys[2]}\n`);
});

it('goes with the key that its log names, in the moment in which the new one waits', async () => {
  const other = await openProofWorld();
  try {
    const own = await other.newPage();
    await makeAnnounceKeys(other.deps)({ vkey: other.vkey, appSecrets: [] });
    const { uuid: leadUuid } = await other.subscribe(own);
    await other.anchor();
    await makeRotateLogKey(other.deps)();
    const bundle = await makeLeadBundle(other.bundleDeps)({ accountId: own.accountId, leadUuid, form: 'json' });
    expect(treeOf(bundle).get('keys/log.vkey')!.toString()).toBe(`${other.vkey}\n`);
    expect(wholeBy(bundle, other.vkey)).toBe(true);
  } finally {
    await other.close();
  }
});

it('is made by a process with the keys of this moment', async () => {
  const [one, two] = stale.map((keyRing) => ({ ...world.bundleDeps, keyRing })) as [
    ProofWorld['bundleDeps'],
    ProofWorld['bundleDeps'],
  ];
  const ofLead = makeLeadBundle(one)({ accountId: page.accountId, leadUuid: lead.uuid, form: 'json' });
  expect(wholeBy(await ofLead, keys[2])).toBe(true);
  const parts: Buffer[] = [];
  for await (const part of await makeRangeProofs(two)(rangeAs('zip'))) parts.push(part);
  expect(judge(Buffer.concat(parts), keys[2])).toMatchObject({ exit: 2 });
});

const rangeAs = (form: 'zip' | 'ndjson') => {
  const to = world.now();
  return { accountId: page.accountId, page: undefined, from: new Date(to.getTime() - 90 * DAY_MS), to, form };
};

it.each(['zip', 'ndjson'] as const)('proves many at once to whoever holds the first key, as %s', async (form) => {
  const parts: Buffer[] = [];
  for await (const part of await makeRangeProofs(world.bundleDeps)(rangeAs(form))) parts.push(part);
  const bundle = Buffer.concat(parts);
  for (const vkey of keys) expect(judge(bundle, vkey)).toMatchObject({ exit: 2, records: 4 });
  expect(judge(bundle, vkeyOfAnother())).toMatchObject({ exit: 1 });
});

const vkeyOfAnother = (): string => logVkey({ systemKey: () => Buffer.alloc(32, 9) } as never, world.deps.logOrigin);

it('proves nothing to whoever holds an earlier key, without the entry by which that vouches for the later one', () => {
  const without = (pattern: RegExp): Tree =>
    resigned(
      new Map([...trees.after].filter(([name]) => !pattern.test(name))),
      bundleSigner(logSigner(world.keyRing, world.deps.logOrigin)),
    );
  const verdict = judge(without(/^keys\/0002/), keys[0]);
  expect([verdict.exit, reasonsOf(verdict)]).toEqual([
    1,
    expect.stringContaining('is not signed with the key you gave'),
  ]);
  const sizes = [...trees.after.keys()].flatMap((name) => /^checkpoints\/(at-\d+)\.note$/.exec(name)?.[1] ?? []);
  expect(wholeBy(without(new RegExp(`^(checkpoints|anchors)/(${sizes.join('|')})\\.`)), keys[0])).toBe(false);
});

it('is not taken from somebody who has the ended key, by whoever holds a later one', () => {
  const forged = resigned(trees.after, firstRing);
  expect(reasonsOf(judge(forged, keys[1]))).toContain('manifest.note is not signed');
});

it('is checked by hand with the key of now, its older checkpoints as the beginning of the same log', () => {
  const byHand = (tree: Tree, vkey: string): { status: number; text: string } => {
    const dir = mkdtempSync(path.join(tmpdir(), 'assent-keys-by-hand-'));
    try {
      for (const [name, bytes] of tree) {
        mkdirSync(path.join(dir, path.dirname(name)), { recursive: true });
        writeFileSync(path.join(dir, name), bytes);
      }
      return { status: 0, text: execFileSync('bash', ['verify-by-hand.sh', vkey], { cwd: dir, encoding: 'utf8' }) };
    } catch (error) {
      const { status, stdout } = error as { status: number; stdout: string };
      return { status, text: stdout };
    } finally {
      rmSync(dir, { recursive: true });
    }
  };
  expect(byHand(trees.beside, keys[0])).toMatchObject({ status: 2 });
  expect(byHand(trees.beside, keys[1])).toMatchObject({ status: 2 });
  const { status, text } = byHand(trees.after, keys[1]);
  expect([status, text]).toEqual([2, expect.stringContaining('is signed with an earlier key of the log')]);
  expect(byHand(trees.after, keys[0])).toMatchObject({ status: 1 });
});
