import { randomUUID } from 'node:crypto';
import { skipPendingOfLead, skipRepliesOfLead } from '../../../../src/domain/delivery';
import { makeCarryOutErasures, makeGetErasure, makeRequestErasure } from '../../../../src/domain/erasure';
import { makeBroadcastProofs, makeLeadBundle, makeListExports, makeRangeProofs } from '../../../../src/domain/proof';
import { openVerifier, type Verifier } from '../../../support/verifier';
import { message, newPsid, type TestPage } from '../inbox/inbox-world';
import { openProofWorld, type ProofWorld, type SentMessage, type Subscriber } from './proof-world';

const PEOPLE = 60;
const DAY_MS = 86_400_000;
let world: ProofWorld;
let verifier: Verifier;
let page: TestPage;
let people: Subscriber[];
let sent: SentMessage;
beforeAll(async () => {
  world = await openProofWorld();
  verifier = openVerifier();
});
afterAll(async () => {
  verifier.close();
  await world.close();
});
beforeEach(async () => {
  page = await world.newPage();
  const psids = Array.from({ length: PEOPLE }, newPsid);
  const events = psids.map((psid) => message(page, psid, world.now(), 'hello'));
  await world.store({
    object: 'page',
    entry: events.map((event) => ({ id: page.metaPageId, time: world.now().getTime(), messaging: [event] })),
  });
  await world.drain();
  people = [];
  for (const psid of psids) people.push({ psid, ...(await world.leadOf(page, psid))! });
  people.sort((a, b) => Number(a.id) - Number(b.id));
  for (const { id } of people) await world.showNotice(page, id);
  await world.sequence();
  sent = await world.sendTo(
    page,
    people.map(({ id }) => id),
  );
  await world.sequence();
});

async function ask({ uuid }: Subscriber): Promise<string> {
  const erasureUuid = randomUUID();
  const deps = { ...world.deps, skipPendingOfLead, skipRepliesOfLead };
  await makeRequestErasure(deps)({ accountId: page.accountId, leadUuid: uuid, erasureUuid, keepsMark: false });
  return erasureUuid;
}
/** From the request to the certificate. */
async function erase(...gone: readonly Subscriber[]): Promise<void> {
  const asked: string[] = [];
  for (const person of gone) asked.push(await ask(person));
  await makeCarryOutErasures({ ...world.deps, keyRingCopy: null, dropBackupFiles: () => Promise.resolve(0) })();
  for (const uuid of asked)
    expect(await makeGetErasure({ db: world.db })({ accountId: page.accountId, uuid })).toMatchObject({
      state: 'complete',
      certificate: expect.stringContaining('keys-destroyed') as unknown,
    });
}

type Form = 'zip' | 'ndjson';
const ofRange = (form: Form) => {
  const [from, to] = [new Date(world.now().getTime() - DAY_MS), new Date(world.now().getTime() + 60_000)];
  return makeRangeProofs(world.bundleDeps)({ accountId: page.accountId, page: page.uuid, from, to, form });
};
const ofBroadcast = (form: Form) =>
  makeBroadcastProofs(world.bundleDeps)({ accountId: page.accountId, broadcastUuid: sent.broadcastUuid, form });
const newest = async () =>
  (await makeListExports(world.bundleDeps)({ accountId: page.accountId, limit: 1, before: null })).exports[0]!;
/** The records among some lines, opened. */
const opened = (text: string): string =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{"record"'))
    .flatMap((line) => Object.values((JSON.parse(line) as { files: Record<string, string> }).files))
    .map((base64) => Buffer.from(base64, 'base64').toString('latin1'))
    .join('\n');
const named = (text: string): string[] => people.filter(({ psid }) => text.includes(psid)).map(({ psid }) => psid);

describe.each([
  ['a range', ofRange],
  ['a broadcast', ofBroadcast],
])('an export of %s that somebody reads slowly', (_what, of) => {
  it('holds nothing of who was erased before their record left, and proves everybody else', async () => {
    const stream = await of('ndjson');
    const before = [(await stream.next()).value as Buffer, (await stream.next()).value as Buffer];
    const left = named(opened(Buffer.concat(before).toString()));
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(PEOPLE - 30);
    const gone = [people[0]!, people[PEOPLE - 20]!, people[PEOPLE - 1]!];
    await erase(...gone);
    const after: Buffer[] = [];
    for await (const part of stream) after.push(part);
    const follows = named(opened(Buffer.concat(after).toString()));
    expect(follows.filter((psid) => gone.some((one) => one.psid === psid))).toEqual([]);
    const verdict = verifier.verify(Buffer.concat([...before, ...after]), ['--key', world.vkey]);
    expect(verdict.levels.flatMap(({ reasons }) => reasons)).toEqual([]);
    expect(verdict.records).toBe(PEOPLE - 2);
    expect(await newest()).toMatchObject({ state: 'complete', records: PEOPLE - 2 });
  });

  it('as a ZIP leaves out who was erased before their chunk began', async () => {
    const stream = await of('zip');
    const first = (await stream.next()).value as Buffer;
    await erase(people[3]!);
    const parts = [first];
    for await (const part of stream) parts.push(part);
    const bundle = Buffer.concat(parts);
    expect(named(opened(bundle.toString('latin1')))).not.toContain(people[3]!.psid);
    const verdict = verifier.verify(bundle, ['--key', world.vkey]);
    expect([verdict.records, verdict.levels.flatMap(({ reasons }) => reasons)]).toEqual([PEOPLE - 1, []]);
  });

  it('as a ZIP breaks off when somebody is erased in the middle of their chunk', async () => {
    const stream = await of('zip');
    let text = '';
    while (!text.includes('{"record":1,')) text += ((await stream.next()).value as Buffer).toString('latin1');
    await erase(people[PEOPLE - 1]!);
    await expect(stream.next()).rejects.toMatchObject({ code: 'export_outdated' });
    expect(named(opened(text.slice(0, text.lastIndexOf('\n'))))).not.toContain(people[PEOPLE - 1]!.psid);
    expect(await newest()).toMatchObject({ state: 'broken', sha256: null });
  });
});

it('holds nobody whose account ends since', async () => {
  const stream = await ofRange('ndjson');
  await stream.next();
  await world.db.run('update page set is_ending = true where id = $1', [page.id]);
  const after: Buffer[] = [];
  for await (const part of stream) after.push(part);
  expect(named(opened(Buffer.concat(after).toString()))).toEqual([]);
});

it('is not handed on about one person whose erasure was asked for since it was made', async () => {
  const ann = people[0]!;
  let isAsked = false;
  // The bundle is made in the first transaction.
  const transaction: typeof world.db.transaction = async (work) => {
    const done = await world.db.transaction(work);
    if (!isAsked) {
      isAsked = true;
      await ask(ann);
    }
    return done;
  };
  const deps = { ...world.bundleDeps, db: { ...world.db, transaction } };
  const bundle = makeLeadBundle(deps)({ accountId: page.accountId, leadUuid: ann.uuid, form: 'json' });
  await expect(bundle).rejects.toMatchObject({ code: 'lead_not_found' });
  expect(isAsked).toBe(true);
  expect(await newest()).toMatchObject({ kind: 'lead', state: 'broken', records: 0 });
});
