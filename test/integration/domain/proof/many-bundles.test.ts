import { randomBytes } from 'node:crypto';
import { makeBroadcastProofs, makeExpireExports, makeListExports, makeRangeProofs } from '../../../../src/domain/proof';
import { openVerifier, type Verifier } from '../../../support/verifier';
import { message, newPsid, type TestPage } from '../inbox/inbox-world';
import { openProofWorld, type ProofWorld, type SentMessage } from './proof-world';

const PEOPLE = 130;
let world: ProofWorld;
let verifier: Verifier;
let page: TestPage;
let sent: SentMessage;
let start: Date;

beforeAll(async () => {
  world = await openProofWorld();
  verifier = openVerifier();
  page = await world.newPage();
  start = world.now();
  const psids = Array.from({ length: PEOPLE }, newPsid);
  for (const psid of psids)
    await world.store({
      object: 'page',
      entry: [{ id: page.metaPageId, time: start.getTime(), messaging: [message(page, psid, start, 'hello')] }],
    });
  await world.drain();
  const leads = await world.db.rows<{ id: string }>('select id from lead where page_id = $1 order by id', [page.id]);
  for (const { id } of leads) await world.showNotice(page, id);
  await world.sequence();
  await world.anchor();
  sent = await world.sendTo(
    page,
    leads.slice(0, 105).map(({ id }) => id),
  );
  world.setNow(new Date(start.getTime() + 3_600_000));
  await world.deliver(page, message(page, psids[0]!, world.now(), 'STOP'));
  await world.sequence();
  await world.anchor();
});
afterAll(async () => {
  verifier.close();
  await world.close();
});

const all = async (stream: AsyncGenerator<Buffer>): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
};
const broadcast = (form: 'zip' | 'ndjson') =>
  makeBroadcastProofs(world.bundleDeps)({ accountId: page.accountId, broadcastUuid: sent.broadcastUuid, form });
/** As if it were asked for when the range has ended, and read now. */
const at = (to: Date) => {
  let isFirst = true;
  const now = (): Date => {
    if (!isFirst) return world.now();
    isFirst = false;
    return new Date(Math.max(to.getTime(), world.now().getTime()));
  };
  return { ...world.bundleDeps, clock: { ...world.deps.clock, now } };
};
const range = (from: Date, to: Date, form: 'zip' | 'ndjson') =>
  makeRangeProofs(at(to))({ accountId: page.accountId, page: page.uuid, from, to, form });
const newest = async () =>
  (await makeListExports(world.bundleDeps)({ accountId: page.accountId, limit: 1, before: null })).exports[0]!;
const key = () => ['--key', world.vkey];
const DAY_MS = 86_400_000;

it.each(['zip', 'ndjson'] as const)('proves every message of a broadcast, as %s', async (form) => {
  const bundle = await all(await broadcast(form));
  const verdict = verifier.verify(bundle, key());
  expect(verdict.levels.flatMap(({ reasons }) => reasons)).toEqual([]);
  expect([verdict.exit, verdict.records]).toEqual([2, 105]);
  expect((await all(await broadcast(form))).equals(bundle)).toBe(true);
});

it.each(['zip', 'ndjson'] as const)('proves everybody of a range of time, as %s, and nobody else', async (form) => {
  const records = async (from: number, to: number) =>
    verifier.verify(
      await all(await range(new Date(start.getTime() + from), new Date(start.getTime() + to), form)),
      key(),
    );
  const whole = await records(-DAY_MS, DAY_MS);
  expect(whole.levels.flatMap(({ reasons }) => reasons)).toEqual([]);
  expect(whole.records).toBe(PEOPLE);
  const bundle = await all(
    await range(new Date(start.getTime() - DAY_MS), new Date(start.getTime() + DAY_MS), 'ndjson'),
  );
  expect(bundle.toString().match(/"sends\/\d{4}\.message\.json"/g)).toHaveLength(105);
  const later = await records(600_000, DAY_MS);
  expect([later.records, later.levels.flatMap(({ reasons }) => reasons)]).toEqual([1, []]);
  expect(await records(2 * DAY_MS, 3 * DAY_MS)).toMatchObject({ records: 0 });
});

it('holds nobody of another account, also when no Page is named', async () => {
  const other = await world.newPage();
  await world.deliver(other, message(other, newPsid(), start, 'hello'));
  await world.sequence();
  const from = new Date(start.getTime() - DAY_MS);
  const to = new Date(start.getTime() + DAY_MS);
  const verdictFor = async (accountId: string) =>
    verifier.verify(
      await all(await makeRangeProofs(at(to))({ accountId, page: undefined, from, to, form: 'zip' })),
      key(),
    );
  const verdicts = [await verdictFor(other.accountId), await verdictFor(page.accountId)];
  expect(verdicts.map(({ records }) => records)).toEqual([1, PEOPLE]);
  // Nor a wording of theirs, which no record would name.
  expect(verdicts.flatMap(({ levels }) => levels.flatMap(({ reasons }) => reasons))).toEqual([]);
});

it('holds although there is a wording that no entry names yet, and when nobody is in it', async () => {
  await world.db.run(
    `insert into notice (page_id, version, language, surface, body, sha256, created_at)
     values ($1, 2, 'en', 'messenger_welcome', 'Another wording.', sha256('Another wording.'), now())`,
    [page.id],
  );
  const bundles = [await broadcast('zip'), await broadcast('ndjson'), await range(new Date(0), new Date(1), 'zip')];
  for (const stream of bundles) {
    const verdict = verifier.verify(await all(stream), key());
    expect(verdict.levels.flatMap(({ reasons }) => reasons)).toEqual([]);
    expect(verdict.exit).toBe(2);
    expect(verdict.notes.join()).toContain('wordings that no record names');
  }
  await world.db.run('delete from notice where page_id = $1 and version = 2', [page.id]);
});

it('says which messages it does not hold', async () => {
  const readmeOf = async (stream: AsyncGenerator<Buffer>) => {
    const [first] = (await all(stream)).toString().split('\n', 1);
    const { common } = JSON.parse(first!) as { common: Record<string, string> };
    // That is for one person.
    expect(common).not.toHaveProperty(['verify-by-hand.sh']);
    return Buffer.from(common['README.txt']!, 'base64').toString();
  };
  const ofRange = await range(start, new Date(start.getTime() + DAY_MS), 'ndjson');
  expect(await readmeOf(ofRange)).toContain(
    'whole chain of entries, and of the messages those authorised in this time',
  );
  expect(await readmeOf(await broadcast('ndjson'))).toContain('the message of this broadcast, and no other message');
});

it.each(['zip', 'ndjson'] as const)(
  'leaves out whose record a verifier would refuse, and says how many, as %s',
  async (form) => {
    const [from, to] = [new Date(start.getTime() - DAY_MS), new Date(start.getTime() + DAY_MS)];
    const records = (await all(await range(from, to, 'ndjson')))
      .toString()
      .split('\n')
      .filter((line) => line.startsWith('{"record"'));
    const shorter = records.filter((line) => !line.includes('"sends/')).map((line) => line.length + 1);
    const deps = { ...at(to), mostRecordBytes: Math.max(...shorter) };
    const order = { accountId: page.accountId, page: page.uuid, from, to, form };
    const verdict = verifier.verify(await all(await makeRangeProofs(deps)(order)), key());
    expect(verdict.levels.flatMap(({ reasons }) => reasons)).toEqual([]);
    const left = records.filter((line) => line.length + 1 > deps.mostRecordBytes).length;
    expect(left).toBeGreaterThan(100);
    expect(verdict.records).toBe(PEOPLE - left);
    expect(verdict.notes.join()).toContain(`people left out, whose records are larger than a verifier reads: ${left}`);
  },
);

it('fails where one record, chunk or line was changed, dropped, doubled or exchanged', async () => {
  const lines = (await all(await broadcast('ndjson'))).toString().split('\n').slice(0, -1);
  const join = (some: readonly string[]) => Buffer.from(`${some.join('\n')}\n`);
  const [first, one, two, ...rest] = lines;
  const bent = one!.replace(
    /("entries\/0001\.nonce":")(.)/,
    (_all, head: string, a: string) => `${head}${a === 'A' ? 'B' : 'A'}`,
  );
  for (const tampered of [
    [first, bent, two, ...rest],
    [first, two, ...rest],
    [first, one, one, ...rest],
    [first, two, one, ...rest],
    [one, two, ...rest],
    lines.slice(0, -1),
    [...lines, one],
    [first, `${one!} `, two, ...rest],
  ]) {
    const verdict = verifier.verify(join(tampered as string[]), key());
    expect([verdict.exit, verdict.levels[0]!.state]).toEqual([1, 'FAIL']);
  }
  const zip = await all(await broadcast('zip'));
  const at = zip.indexOf('"record":57');
  const broken = Buffer.from(zip);
  broken[at + 40] = (broken[at + 40] ?? 0) ^ 1;
  expect(verifier.verify(broken, key()).exit).toBe(1);
});

it('writes down whose data left before it leaves, and a stream that nobody read to its end as broken', async () => {
  const stream = await broadcast('ndjson');
  await stream.next();
  await stream.next();
  await stream.return(undefined);
  const broken = await newest();
  expect(broken).toMatchObject({ kind: 'broadcast', state: 'broken', sha256: null });
  expect(broken.records).toBeGreaterThan(0);
  expect(broken.records).toBeLessThan(50);
  expect(await world.count('proof_export_lead where export_id = $1', [broken.id])).toBe(broken.records);
});

it.each(['zip', 'ndjson'] as const)('breaks off, as %s, at a message that the ledger cannot prove', async (form) => {
  const last = `update delivery set attempt = attempt + $1 where seq = 104
    and broadcast_id = (select id from broadcast where public_id = $2)`;
  await world.db.run(last, [1, sent.broadcastUuid]);
  const parts: Buffer[] = [];
  const read = async () => {
    for await (const part of await broadcast(form)) parts.push(part);
  };
  await expect(read()).rejects.toMatchObject({ code: 'proof_broken' });
  await world.db.run(last, [-1, sent.broadcastUuid]);
  expect(await newest()).toMatchObject({ kind: 'broadcast', state: 'broken', sha256: null });
  const cut = Buffer.concat(parts);
  expect(cut.length).toBeGreaterThan(100_000);
  expect(verifier.verify(cut, key())).toMatchObject({ exit: 1 });
});

it('writes nothing down for a stream that nobody began to read', async () => {
  const before = await newest();
  await (await broadcast('zip')).return(undefined);
  expect(await newest()).toEqual(before);
});

it('ends the record of an export whose process died, and forgets records after 30 days', async () => {
  await world.db.run(`update proof_export set state = 'running', finished_at = null`);
  const expire = makeExpireExports(world.bundleDeps);
  const count = await world.count('proof_export');
  expect(await expire()).toBe(0);
  world.setNow(new Date(world.now().getTime() + 7 * 3_600_000));
  expect(await expire()).toBe(count);
  expect(await world.count(`proof_export where state = 'broken'`)).toBe(count);
  world.setNow(new Date(world.now().getTime() + 31 * DAY_MS));
  expect(await expire()).toBe(count);
  expect(await world.count('proof_export_lead')).toBe(0);
});

it('refuses a range without length and a broadcast of somebody else', async () => {
  await expect(range(start, start, 'zip')).rejects.toMatchObject({ code: 'range_invalid' });
  const toCome = new Date(world.now().getTime() + 6 * 60_000);
  const order = { accountId: page.accountId, page: page.uuid, from: start, to: toCome, form: 'zip' } as const;
  await expect(makeRangeProofs(world.bundleDeps)(order)).rejects.toMatchObject({
    code: 'range_invalid',
    errors: [{ pointer: 'to', detail: 'must not lie in the future' }],
  });
  const other = await world.newPage();
  const asked = { accountId: other.accountId, broadcastUuid: sent.broadcastUuid, form: 'zip' as const };
  await expect(makeBroadcastProofs(world.bundleDeps)(asked)).rejects.toMatchObject({ code: 'broadcast_not_found' });
});

it('finds in a range what was signed late, or by a clock that was behind', async () => {
  const until = world.now().getTime();
  const at = (hours: number) => new Date(until + hours * 3_600_000);
  const write = async (words: string) => {
    const psid = newPsid();
    await world.deliver(page, message(page, psid, world.now(), words));
  };
  const found = async (from: Date, to: Date) =>
    verifier.verify(await all(await range(from, to, 'ndjson')), key()).records;
  world.setNow(at(1));
  await write('while the log stands still');
  world.setNow(at(10 * 24));
  await world.sequence();
  expect(await found(at(0.5), at(1.5))).toBe(1);
  world.setNow(at(20 * 24));
  await write('ahead of the clock that signs');
  world.setNow(new Date(at(20 * 24).getTime() - 60_000));
  await world.sequence();
  expect(await found(at(20 * 24), at(21 * 24))).toBe(1);
  expect(await found(at(15 * 24), at(16 * 24))).toBe(0);
});

it('finds in a range who got nothing but a message in it', async () => {
  const sentAt = new Date(world.now().getTime() + 40 * DAY_MS);
  const around = (days: number) => new Date(sentAt.getTime() + days * DAY_MS);
  const { id } = (await world.db.first<{ id: string }>(
    `select id from lead where page_id = $1 and status = 'subscribed' order by id limit 1`,
    [page.id],
  ))!;
  world.setNow(sentAt);
  await world.sendTo(page, [id]);
  await world.sequence();
  const bundle = await all(await range(around(-1), around(1), 'ndjson'));
  const verdict = verifier.verify(bundle, key());
  expect([verdict.records, verdict.levels.flatMap(({ reasons }) => reasons)]).toEqual([1, []]);
  expect(bundle.toString().match(/"sends\/\d{4}\.message\.json"/g)).toHaveLength(1);
  expect(verifier.verify(await all(await range(around(1), around(2), 'ndjson')), key()).records).toBe(0);
});

it('gives every leaf a word from outside within two days, however long the log has become since', async () => {
  const witnessSeed = randomBytes(32);
  const long = await openProofWorld({ witnessSeed });
  const shop = await long.newPage();
  const begin = long.now().getTime();
  const day = (n: number): Date => new Date(begin + n * DAY_MS);
  let sentOnDay2: SentMessage | undefined;
  for (let n = 0; n < 100; n += 1) {
    long.setNow(day(n));
    const psid = newPsid();
    await long.deliver(shop, message(shop, psid, day(n), 'hello'));
    const lead = (await long.leadOf(shop, psid))!;
    if (n === 2) await long.showNotice(shop, lead.id);
    await long.sequence();
    if (n === 2) sentOnDay2 = await long.sendTo(shop, [lead.id]);
    long.setNow(new Date(day(n).getTime() + 30_000));
    await long.sequence();
    await long.anchor();
  }
  const trusting = ['--key', long.vkey, '--witness', long.bundleDeps.witnessVkeys[0]!];
  const { accountId } = shop;
  const asked = { accountId, page: undefined, from: day(40), to: day(43), form: 'ndjson' as const };
  const range = verifier.verify(await all(await makeRangeProofs(long.bundleDeps)(asked)), trusting);
  expect([range.exit, range.records, range.notes]).toEqual([
    0,
    3,
    [expect.stringMatching(/^claimed: everybody .* on any Page; that nobody is missing is the operator's word$/)],
  ]);
  const of = { accountId, broadcastUuid: sentOnDay2!.broadcastUuid, form: 'zip' as const };
  const broadcast = verifier.verify(await all(await makeBroadcastProofs(long.bundleDeps)(of)), trusting);
  expect([broadcast.exit, broadcast.records, broadcast.notes]).toEqual([
    0,
    1,
    ['1 of 1 messages of the chunks named here are in this bundle', expect.stringContaining(sentOnDay2!.broadcastUuid)],
  ]);
  await long.close();
});
