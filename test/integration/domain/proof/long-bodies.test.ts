import type * as rules from '../../../../src/domain/consent/evidence.rules';
import { dropEnvelopes, deleteLeads } from '../../../../src/domain/erasure/discard-lead.store';
import { leadTransaction } from '../../../../src/domain/leads';
import { makeAuditLedger, makeLeadBundle } from '../../../../src/domain/proof';
import { treeOf } from '../../../support/bundle-tree';
import { openVerifier, type Verifier } from '../../../support/verifier';
import { message, newPsid, type TestPage } from '../inbox/inbox-world';
import { openProofWorld, type ProofWorld } from './proof-world';
import type * as earlier from './earlier-evidence';

let isEarlier: (segmentIndex: number) => boolean;
jest.mock('../../../../src/domain/consent/evidence.rules', () => {
  const now = jest.requireActual<typeof rules>('../../../../src/domain/consent/evidence.rules');
  const { asEarlier } = jest.requireActual<typeof earlier>('./earlier-evidence');
  const before = asEarlier(now);
  return {
    ...now,
    evidenceOf: (body: rules.SignedBody, at: number) => (isEarlier(at) ? before : now).evidenceOf(body, at),
    listedPieces: (body: rules.SignedBody, at: number) => (isEarlier(at) ? before : now).listedPieces(body, at),
  };
});

let world: ProofWorld;
let verifier: Verifier;
let page: TestPage;
beforeAll(async () => {
  world = await openProofWorld();
  verifier = openVerifier();
});
afterAll(async () => {
  verifier.close();
  await world.close();
});
beforeEach(async () => {
  isEarlier = () => false;
  page = await world.newPage();
});

const MANY = 60;
const psids = (count = MANY): string[] => Array.from({ length: count }, newPsid);
const words = (psid: string, on = page) => message(on, psid, world.now(), `words of ${psid}`);
const entryOf = (on: TestPage, ...events: object[]) => ({
  id: on.metaPageId,
  time: world.now().getTime(),
  messaging: events,
});
const webhook = (...entry: object[]) => ({ object: 'page', entry });
const take = async (body: object): Promise<void> => {
  await world.store(body);
  await world.drain();
  await world.sequence();
};
const bundle = async (psid: string, on = page): Promise<Buffer> => {
  const { uuid } = (await world.leadOf(on, psid))!;
  return makeLeadBundle(world.bundleDeps)({ accountId: on.accountId, leadUuid: uuid, form: 'json' });
};
const judge = (json: Buffer) => {
  const verdict = verifier.verify(json, ['--key', world.vkey]);
  const { grade } = verdict.evidence[0]!;
  return [grade, verdict.levels[3]!.state, verdict.exit, ...verdict.levels.flatMap(({ reasons }) => reasons)];
};
const PROVED = ['E2', 'PASS', 2];
const textOf = (json: Buffer): string => Buffer.concat([...treeOf(json).values()]).toString('latin1');
const audit = () => makeAuditLedger({ ...world.deps, checkpointCopy: world.checkpointCopy })();
const findings = async () => (await audit()).findings.filter(({ what }) => what.startsWith('evidence_'));

/** How many pieces of the webhook the bundle shows. */
const shown = (json: Buffer): number =>
  [...treeOf(json).keys()].filter((name) => /^evidence\/0001\/seg\.\d+\.bin$/.test(name)).length;

it('shows an event among very many in its envelope, and nothing of anybody else', async () => {
  const people = psids();
  await take(webhook(entryOf(page, ...people.map((psid) => words(psid)))));
  for (const at of [0, 1, 30, MANY - 1]) {
    const json = await bundle(people[at]!);
    expect([at, ...judge(json)]).toEqual([at, ...PROVED]);
    const text = textOf(json);
    expect(text).toContain(`words of ${people[at]!}`);
    expect(people.filter((psid) => text.includes(psid))).toEqual([people[at]]);
    expect(text).toContain(`{"object":"page","entry":[{"id":"${page.metaPageId}","time":`);
  }
  expect(await findings()).toEqual([]);
});

it('shows the entry of its own Page, where a body holds entries of several', async () => {
  const other = await world.newPage();
  const [ours, theirs] = [psids(), psids(20)];
  const single = ours.slice(0, 20).map((psid) => entryOf(page, words(psid)));
  await take(
    webhook(
      entryOf(other, ...theirs.slice(0, 10).map((psid) => words(psid, other))),
      ...single,
      entryOf(page, ...ours.slice(20).map((psid) => words(psid))),
      ...theirs.slice(10).map((psid) => entryOf(other, words(psid, other))),
    ),
  );
  for (const at of [0, 1, 19, 20, 21, 40, MANY - 1]) {
    expect([at, ...judge(await bundle(ours[at]!))]).toEqual([at, ...PROVED]);
  }
  for (const at of [0, 5, 9, 10, 11, 19]) {
    expect([at, ...judge(await bundle(theirs[at]!, other))]).toEqual([at, ...PROVED]);
  }
  const text = textOf(await bundle(theirs[15]!, other));
  expect(text).not.toContain(page.metaPageId);
  expect(shown(await bundle(theirs[15]!, other))).toBe(5);
  expect(await findings()).toEqual([]);
});

it('keeps the proofs of everybody else when one person of a long body is erased, and all goes with the last', async () => {
  const people = psids();
  const before = await world.count('evidence_segment');
  await take(webhook(entryOf(page, ...people.map((psid) => words(psid)))));
  const erase = async (gone: readonly string[]): Promise<void> => {
    const ids: string[] = [];
    for (const psid of gone) ids.push((await world.leadOf(page, psid))!.id);
    await leadTransaction(world.deps, async (tx) => {
      await dropEnvelopes(tx, ids);
      await deleteLeads(tx, ids);
    });
  };
  await erase([people[0]!, people[30]!]);
  for (const at of [1, 29, 31, MANY - 1]) expect([at, ...judge(await bundle(people[at]!))]).toEqual([at, ...PROVED]);
  await erase(people.filter((_, at) => at !== 0 && at !== 30));
  expect(await world.count('evidence_segment')).toBe(before);
});

it('proves what an earlier release wrote as it did then, also in a body that both have worked', async () => {
  const people = psids();
  isEarlier = (segmentIndex) => segmentIndex < 60;
  await take(webhook(entryOf(page, ...people.map((psid) => words(psid)))));
  for (const at of [0, 1, 29]) expect([at, ...judge(await bundle(people[at]!))]).toEqual([at, 'E4', 'ABSENT', 2]);
  for (const at of [30, 31, MANY - 1]) expect([at, ...judge(await bundle(people[at]!))]).toEqual([at, ...PROVED]);
  expect(await findings()).toEqual([]);
});

it('misses in an audit what lay around an event of a long body, and sees it changed', async () => {
  const people = psids();
  await take(webhook(entryOf(page, ...people.map((psid) => words(psid)))));
  const { id } = (await world.leadOf(page, people[30]!))!;
  const own = `(select delivery_id from evidence_segment where lead_id = ${id})`;
  const codes = async (edit: string): Promise<string[]> => {
    const kept = await world.db.rows<Record<string, unknown>>(
      `select delivery_id, position, kind, bytes from evidence_segment where delivery_id = ${own} and kind = 'p'`,
    );
    await world.db.run(edit);
    const found = await findings();
    await world.db.run(`delete from evidence_segment where delivery_id = ${own} and kind = 'p'`);
    for (const row of kept)
      await world.db.run(`insert into evidence_segment values ($1, $2, $3, null, $4)`, Object.values(row));
    return found.map(({ what }) => what);
  };
  const position = `(select position from evidence_segment where lead_id = ${id})`;
  const before = `delivery_id = ${own} and position = ${position} - 1`;
  expect(await codes(`delete from evidence_segment where ${before}`)).toEqual(
    Array.from({ length: 2 }, () => 'evidence_missing'),
  );
  expect(await codes(`update evidence_segment set bytes = ';' where ${before}`)).toEqual(
    Array.from({ length: 2 }, () => 'evidence_changed'),
  );
  const head = `delivery_id = ${own} and position = (select min(position) from evidence_segment where delivery_id = ${own})`;
  const all = await codes(`delete from evidence_segment where ${head}`);
  expect([new Set(all), all.length > 2]).toEqual([new Set(['evidence_missing']), true]);
  expect(await findings()).toEqual([]);
});

it('loses nothing to what an earlier release kept of the same body at the same number', async () => {
  const people = psids(500);
  isEarlier = (segmentIndex) => segmentIndex < 4;
  // One longer text makes events begin at odd and at even places.
  const events = people.map((psid, at) => message(page, psid, world.now(), `words of ${psid}${at === 3 ? '!' : ''}`));
  await take(webhook(entryOf(page, ...events)));
  for (const at of [2, 3, 4, 499]) expect([at, ...judge(await bundle(people[at]!))]).toEqual([at, ...PROVED]);
  expect(await findings()).toEqual([]);
});

it('keeps of a long body about one piece for each event', async () => {
  const people = psids(1_000);
  const before = await world.count('evidence_segment');
  await take(webhook(entryOf(page, ...people.map((psid) => words(psid)))));
  expect((await world.count('evidence_segment')) - before).toBe(2 * 1_000 + 1);
  for (const at of [0, 500, 999]) expect([at, ...judge(await bundle(people[at]!))]).toEqual([at, ...PROVED]);
  expect(await findings()).toEqual([]);
});
