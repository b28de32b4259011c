import { createHash, createPublicKey, randomUUID, verify } from 'node:crypto';
import { skipPendingOfLead, skipRepliesOfLead } from '../../../../src/domain/delivery';
import {
  makeCarryOutErasures,
  makeGetErasure,
  makeIsErased,
  makeRequestErasure,
  makeShowErasure,
  type ErasureView,
  readUncertified,
} from '../../../../src/domain/erasure';
import { openBody } from '../../../../src/domain/inbox/body';
import type { KeyRingCopy } from '../../../../src/domain/keyring.types';
import { makeAuditLedger, makeLeadBundle } from '../../../../src/domain/proof';
import { openVerifier, type Verifier } from '../../../support/verifier';
import { suppressionMac } from '../../../../src/domain/pages';
import { bodyOf, message, newPsid, type TestPage } from '../inbox/inbox-world';
import { openProofWorld, type ProofWorld, type Subscriber } from '../proof/proof-world';

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
  page = await world.newPage();
  await world.logPage(page);
});

const subscriber = () => world.subscribe(page);
const deps = () => ({ ...world.deps, skipPendingOfLead, skipRepliesOfLead });
const request = (person: Subscriber, accountId = page.accountId, keepsMark = false) =>
  makeRequestErasure(deps())({ accountId, leadUuid: person.uuid, erasureUuid: randomUUID(), keepsMark });
const carryOut = (keyRingCopy: KeyRingCopy | null = null) =>
  makeCarryOutErasures({ ...world.deps, keyRingCopy, dropBackupFiles: () => Promise.resolve(0) })();
const erasureOf = (uuid: string): Promise<ErasureView> =>
  makeGetErasure({ db: world.db })({ accountId: page.accountId, uuid });
const bundleOf = ({ uuid }: Subscriber) =>
  makeLeadBundle(world.bundleDeps)({ accountId: page.accountId, leadUuid: uuid, form: 'json' });
const audit = () => makeAuditLedger({ ...world.deps, checkpointCopy: world.checkpointCopy })();
const count = async (from: string, values: unknown[] = []): Promise<number> =>
  (await world.db.first<{ count: number }>(`select count(*)::int as count from ${from}`, values))!.count;
const code = (code: string) => expect.objectContaining({ code }) as Error;

/** Tables with a column that names leads by their row. */
async function rowsOf(leadId: string): Promise<Record<string, number>> {
  const tables = await world.db.rows<{ name: string }>(
    `select c.table_name as name from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
      where c.table_schema = 'public' and c.column_name = 'lead_id' and t.table_type = 'BASE TABLE' order by 1`,
  );
  const counts: Record<string, number> = { lead: await count('lead where id = $1', [leadId]) };
  for (const { name } of tables) counts[name] = await count(`${name} where lead_id = $1`, [leadId]);
  return counts;
}

it('leaves no row of the person, closes their leaves, and the whole log and everybody else still verify', async () => {
  const [ann, bob] = [await subscriber(), await subscriber()];
  const sent = await world.sendTo(page, [ann.id, bob.id]);
  await world.sendAgain(page, sent);
  await world.sendTest(page, [ann.id, bob.id], sent);
  await world.deliver(page, message(page, ann.psid, world.now(), 'STOP'));
  await world.sequence();
  await world.anchor();
  const before = await bundleOf(bob);
  await bundleOf(ann);
  const held = await rowsOf(ann.id);
  for (const table of [
    'lead',
    'lead_key',
    'ledger_opening',
    'evidence_segment',
    'delivery',
    'logged_send',
    'reply',
    'proof_export_lead',
  ])
    expect([table, held[table]]).not.toEqual([table, 0]);
  const { erasure } = await request(ann);
  expect(await audit()).toMatchObject({ ok: true, findings: [], unopenable: 0 });
  expect(await carryOut()).toBe(1);

  expect(Object.values(await rowsOf(ann.id)).filter((rows) => rows > 0)).toEqual([]);
  expect(await erasureOf(erasure.uuid)).toMatchObject({ state: 'complete' });
  const whole = { ok: true, findings: [], erased: 3, unopenable: 3 };
  // Its entry waits for a leaf, which it may for long where the log stands still.
  expect(await audit()).toMatchObject({ ...whole, pending: 1 });
  await world.sequence();
  expect(await audit()).toMatchObject({ ...whole, pending: 0 });
  const stats = await world.db.rows(
    'select status, count(*)::int as count from delivery where broadcast_id = $1 group by 1',
    [sent.broadcastId],
  );
  expect(stats).toEqual([{ status: 'accepted', count: 2 }]);

  for (const bundle of [before, await bundleOf(bob)])
    expect(verifier.verify(bundle, ['--key', world.vkey]).levels.flatMap(({ reasons }) => reasons)).toEqual([]);
});

it('leaves an audit as sharp as before: what it found then it finds after an erasure, waiting or signed', async () => {
  const [ann, bob] = [await subscriber(), await subscriber()];
  await request(ann);
  await carryOut();
  /** What an audit finds when somebody with the database in their hands did that. */
  const foundAfter = async (edit: string, undo: string): Promise<string[]> => {
    await world.db.run(edit);
    const { findings } = await audit();
    await world.db.run(undo);
    return findings.map(({ what }) => what);
  };
  const version = (n: number) => `update page set notice_version = ${String(n)} where id = ${page.id}`;
  const status = (one: string) => `update lead set status = '${one}' where id = ${bob.id}`;
  for (const state of ['waiting', 'signed']) {
    const found = [await foundAfter(version(7), version(1)), await foundAfter(status('erasing'), status('subscribed'))];
    expect([state, ...found]).toEqual([state, ['page_notice'], ['lead_status']]);
    await world.sequence();
  }
  expect((await audit()).findings).toEqual([]);
});

it('names a lead whose erasure waits and who was set back to be written to', async () => {
  const ann = await subscriber();
  await request(ann);
  await world.db.run(`update lead set status = 'subscribed' where id = $1`, [ann.id]);
  expect((await audit()).findings).toMatchObject([{ what: 'lead_status' }]);
  await world.db.run(`update lead set status = 'erasing' where id = $1`, [ann.id]);
  await carryOut();
});

it('names the entry of an erasure that is given to an account, also while it waits', async () => {
  const ann = await subscriber();
  await request(ann);
  await carryOut();
  const ofErasure = `opening is not null and encode(opening, 'escape') like '%"kind":"erasure"%'`;
  for (const waits of [true, false]) {
    await world.db.run(`update ledger_opening set account_id = $1 where ${ofErasure}`, [page.accountId]);
    const { findings, pending } = await audit();
    await world.db.run(`update ledger_opening set account_id = null where ${ofErasure}`);
    expect([pending > 0, findings.map(({ what }) => what)]).toEqual([waits, expect.arrayContaining(['opening_owner'])]);
    await world.sequence();
  }
  expect((await audit()).findings).toEqual([]);
});

it('names leaves closed without a word when the entry of their erasure is taken away', async () => {
  const ann = await subscriber();
  await request(ann);
  await carryOut();
  await world.db.run('create table kept as select * from ledger_pending');
  await world.db.run('delete from ledger_pending');
  const found = (await audit()).findings.map(({ what }) => what);
  await world.db.run('insert into ledger_pending overriding system value table kept');
  await world.db.run('drop table kept');
  expect(found).toEqual(expect.arrayContaining(['leaf_unexplained', 'opening_unlogged']));
  await world.sequence();
  expect((await audit()).findings).toEqual([]);
});

it('makes what an older copy of the database holds unreadable for the person, and keeps it readable for a neighbour in the bucket', async () => {
  const ann = await subscriber();
  let bob = await subscriber();
  const bucketOf = ({ psid }: Subscriber) => world.keyRing.bucketOf(page.uuid, psid);
  while (bucketOf(bob) !== bucketOf(ann)) {
    const psid = newPsid();
    if (world.keyRing.bucketOf(page.uuid, psid) !== bucketOf(ann)) continue;
    await world.deliver(page, message(page, psid, world.now(), 'hello'));
    const { id, uuid } = (await world.leadOf(page, psid))!;
    bob = { psid, id, uuid };
  }
  await world.sequence();
  const keyOf = async ({ id }: Subscriber) =>
    (await world.db.first<{ bucket: number; version: number; wrapped: Buffer }>(
      'select bucket, key_version as version, dek_wrapped as wrapped from lead_key where lead_id = $1',
      [id],
    ))!;
  const old = await keyOf(ann);
  const dek = () => world.keyRing.unwrapLeadKey(page.uuid, old.bucket, old.version, old.wrapped);
  expect(dek()).toHaveLength(32);
  await request(ann);
  await carryOut();
  expect(dek).toThrow(code('key_version_unknown'));
  await world.keyRing.reload(page.uuid);
  expect(dek).toThrow(code('key_version_unknown'));
  const kept = await keyOf(bob);
  expect(kept.version).toBeGreaterThan(old.version);
  expect(world.keyRing.unwrapLeadKey(page.uuid, kept.bucket, kept.version, kept.wrapped)).toHaveLength(32);
  expect(await world.leadOf(page, bob.psid)).toMatchObject({ id: bob.id });
});

it('signs a certificate that names nobody, and that only the link ties to its person', async () => {
  const ann = await subscriber();
  const { erasure, link } = await request(ann);
  await carryOut();
  const { certificate } = await erasureOf(erasure.uuid);
  expect(certificate).not.toContain(ann.psid);
  expect(certificate).not.toContain(ann.uuid);
  const [text, signature] = certificate!.split('\n\n');
  const [, base64] = /^— \S+\/erasure (\S+)$/m.exec(signature!)!;
  const key = createPublicKey({
    key: Buffer.concat([
      Buffer.from('302a300506032b6570032100', 'hex'),
      Buffer.from(/^[^+]+\+[0-9a-f]{8}\+(.+)$/.exec(world.vkey)![1]!, 'base64').subarray(1),
    ]),
    format: 'der',
    type: 'spki',
  });
  expect(verify(null, Buffer.from(`${text}\n`), key, Buffer.from(base64!, 'base64').subarray(4))).toBe(true);

  const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
  const subject = sha256(Buffer.concat([sha256(Buffer.from(`${page.metaPageId}:${ann.psid}`)), link!])).toString('hex');
  expect(text).toContain(`\nsubject ${subject}\n`);
  const head = text!.slice(0, text!.indexOf('keys-destroyed'));
  const { opening } = (await world.db.first<{ opening: string }>(
    `select convert_from(substring(opening for length(opening) - 64), 'UTF8') as opening from ledger_opening
      where account_id is null and encode(opening, 'escape') like '%' || $1 || '%"kind":"erasure"%'`,
    [createHash('sha256').update(head).digest('hex')],
  ))!;
  expect(JSON.parse(opening)).toEqual({
    v: 1,
    log: world.deps.logOrigin,
    kind: 'erasure',
    at_day: world.now().toISOString().slice(0, 10),
    scope: 'lead',
    leaves: 2,
    cert: sha256(Buffer.from(head)).toString('hex'),
  });
  expect(await makeShowErasure({ db: world.db })(erasure.code)).toMatchObject({ state: 'complete', certificate });
  expect(await makeShowErasure({ db: world.db })('0'.repeat(32))).toBeNull();
});

it('is asked for once: repeated it answers the same, afterwards that the lead is gone, and to others that there is none', async () => {
  const ann = await subscriber();
  await expect(request(ann, String(BigInt(page.accountId) + 1_000n))).rejects.toEqual(code('lead_not_found'));
  const { erasure, link } = await request(ann);
  expect(link).toHaveLength(64);
  expect(await request(ann)).toMatchObject({ erasure: { uuid: erasure.uuid, state: 'waiting' }, link: null });
  await carryOut();
  await expect(request(ann)).rejects.toEqual(code('lead_erased'));
  const isErased = makeIsErased({ db: world.db, keyRing: world.keyRing });
  expect([await isErased(page.accountId, ann.uuid), await isErased(page.accountId, randomUUID())]).toEqual([
    true,
    false,
  ]);
  await expect(erasureOf(randomUUID())).rejects.toEqual(code('erasure_not_found'));
  expect(await count('erasure where lead_mac is not null and public_id = $1', [erasure.uuid])).toBe(1);
});

it('skips what waits for the lead at once, waits for what is being sent, and for the leaves of its entries', async () => {
  const ann = await subscriber();
  const { broadcastId } = await world.sendTo(page, [ann.id]);
  const other = await world.sendTo(page, [ann.id]);
  await world.db.run(`update delivery set status = 'sending' where broadcast_id = $1`, [broadcastId]);
  await world.db.run(`update delivery set status = 'pending' where broadcast_id = $1`, [other.broadcastId]);
  await world.deliver(page, message(page, ann.psid, world.now(), 'STOP'));
  const { erasure } = await request(ann);
  expect(await world.db.rows('select reason from delivery where broadcast_id = $1', [other.broadcastId])).toEqual([
    { reason: 'erased' },
  ]);
  expect(await count(`reply where lead_id = $1 and status = 'pending'`, [ann.id])).toBe(0);
  await carryOut();
  await world.db.run(`update delivery set status = 'uncertain' where broadcast_id = $1`, [broadcastId]);
  await carryOut();
  expect(await erasureOf(erasure.uuid)).toMatchObject({ state: 'waiting' });
  await world.sequence();
  await carryOut();
  expect(await erasureOf(erasure.uuid)).toMatchObject({ state: 'complete' });
});

it('makes nobody of a webhook that comes late, and somebody new of one who writes again', async () => {
  const ann = await subscriber();
  const { subjectRef } = (await world.db.first<{ subjectRef: Buffer }>(
    'select subject_ref as "subjectRef" from lead where id = $1',
    [ann.id],
  ))!;
  const earlier = world.now();
  await request(ann);
  await world.deliver(page, message(page, ann.psid, earlier, 'while it lasts'));
  world.setNow(new Date(earlier.getTime() + 1_000));
  await carryOut();
  world.setNow(new Date(earlier.getTime() + 5_000));
  await world.drain();
  await world.deliver(page, message(page, ann.psid, earlier, 'late'));
  expect(await world.leadOf(page, ann.psid)).toBeUndefined();
  expect(await count('inbox')).toBe(0);
  await world.deliver(page, message(page, ann.psid, world.now(), 'hello again'));
  const again = (await world.leadOf(page, ann.psid))!;
  expect(again.uuid).not.toBe(ann.uuid);
  const row = await world.db.first<{ n: number; isNew: boolean }>(
    'select chain_n as n, subject_ref <> $2 as "isNew" from lead where id = $1',
    [again.id, subjectRef],
  );
  expect(row).toEqual({ n: 1, isNew: true });
});

it('deletes a webhook that was not understood and names them, and none that names somebody else or is understood', async () => {
  const [ann, bob] = [await subscriber(), await subscriber()];
  const broken = ({ psid }: Subscriber) => `{"object":"page","who":"${psid}"`;
  for (const body of [broken(ann), broken(bob)]) await world.store(Buffer.from(body));
  await world.drain();
  expect(await count('inbox')).toBe(2);
  // Of both, and it failed for another reason: it is worked again, and what it says of Bob must not be lost.
  await world.store(
    bodyOf(page, message(page, ann.psid, world.now(), 'one'), message(page, bob.psid, world.now(), 'STOP')),
  );
  await world.db.run('update inbox set attempts = 1 where attempts = 0');
  await request(ann);
  await world.sequence();
  await carryOut();
  const left = await world.db.rows<{ keyDay: number; id: string; ct: Buffer }>(
    'select key_day as "keyDay", delivery_id as id, body_ct as ct from inbox order by id',
  );
  const bodies = await Promise.all(
    left.map(async ({ keyDay, id, ct }) => openBody(await world.keyRing.inboxKey(keyDay), id, ct).bytes.toString()),
  );
  expect(bodies.filter((text) => text.includes('"who"'))).toEqual([broken(bob)]);
  expect(bodies).toHaveLength(2);
  await world.db.run('delete from inbox');
});

it.each([
  [true, 'suppressed', "kept a sealed mark against being written to again, by the person's wish"],
  [false, 'subscribed', 'kept nothing'],
])('keeps a mark only by the wish of the person (%s), and says so', async (keepsMark, status, line) => {
  const ann = await subscriber();
  const mac = suppressionMac(world.keyRing, page.uuid, ann.psid);
  await world.db.run('insert into suppression values ($1, $2, now())', [page.id, mac]);
  const { erasure } = await request(ann, page.accountId, keepsMark);
  await world.sequence();
  await carryOut();
  expect((await erasureOf(erasure.uuid)).certificate!.split('\n')).toContain(line);
  const marks = await world.db.rows<{ isOfTheDay: boolean }>(
    `select created_at at time zone 'UTC' = date_trunc('day', created_at at time zone 'UTC') as "isOfTheDay"
      from suppression where page_id = $1 and person_mac = $2`,
    [page.id, mac],
  );
  expect(marks).toEqual(keepsMark ? [{ isOfTheDay: true }] : []);
  world.setNow(new Date(world.now().getTime() + 60_000));
  await world.deliver(page, message(page, ann.psid, world.now(), 'hello again'));
  expect((await world.leadOf(page, ann.psid))!.status).toBe(status);
  await world.sequence();
  expect((await audit()).findings).toEqual([]);
});

/** The lines that the entry vouches for. */
const headOf = (certificate: string): string => `${certificate.split('\n').slice(0, 7).join('\n')}\n`;

it('goes on where a process died: before the rows went, and before the keys did', async () => {
  const ann = await subscriber();
  const { erasure } = await request(ann);
  const dying = (step: 'stage' | 'commit') => ({
    ...world.deps,
    keyRingCopy: null,
    dropBackupFiles: () => Promise.resolve(0),
    keyRing: { ...world.keyRing, [step]: () => Promise.reject(new Error('killed')) },
  });
  await expect(makeCarryOutErasures(dying('stage'))()).rejects.toThrow('killed');
  expect(await erasureOf(erasure.uuid)).toMatchObject({ state: 'waiting' });
  await expect(makeCarryOutErasures(dying('commit'))()).rejects.toThrow('killed');
  expect(await erasureOf(erasure.uuid)).toMatchObject({ state: 'destroying', certificate: null });
  expect(world.keyRing.stagedVersions(page.uuid)).not.toEqual([]);
  expect(await carryOut()).toBe(1);
  expect(world.keyRing.stagedVersions(page.uuid)).toEqual([]);
  const { certificate } = await erasureOf(erasure.uuid);
  expect(await carryOut()).toBe(0);
  expect(await erasureOf(erasure.uuid)).toMatchObject({ state: 'complete', certificate });
  await world.sequence();
  expect(
    await count(
      `ledger_opening where encode(opening, 'escape') like '%' || $1 || '%"kind":"erasure"%' and entry_id in
    (select entry_id from ledger_leaf) and account_id is null`,
      [createHash('sha256').update(headOf(certificate!)).digest('hex')],
    ),
  ).toBe(1);
});

it('certifies nothing while the second copy of the key ring cannot be reached, for old keys live on in it', async () => {
  const ann = await subscriber();
  const { erasure } = await request(ann);
  const unreachable: KeyRingCopy = { update: () => Promise.reject(new Error('not mounted')) };
  await expect(carryOut(unreachable)).rejects.toThrow('not mounted');
  expect(await erasureOf(erasure.uuid)).toMatchObject({ state: 'destroying', certificate: null });
  const { requestedAt } = await erasureOf(erasure.uuid);
  expect(await readUncertified(world.db)).toEqual({ count: 1, since: requestedAt });
  let updates = 0;
  const back: KeyRingCopy = { update: () => Promise.resolve((updates += 1)) };
  expect([await carryOut(back), updates]).toEqual([1, 1]);
  expect(await erasureOf(erasure.uuid)).toMatchObject({ state: 'complete' });
  expect(await readUncertified(world.db)).toEqual({ count: 0, since: null });
});

it('erases many at once from several processes, each once', async () => {
  const people: Subscriber[] = [];
  for (let n = 0; n < 12; n += 1) people.push(await subscriber());
  const erasures = await Promise.all(people.map((person) => request(person)));
  await Promise.all([carryOut(), carryOut()].map((work) => work.catch(() => 0)));
  await carryOut();
  for (const { erasure } of erasures) expect(await erasureOf(erasure.uuid)).toMatchObject({ state: 'complete' });
  await world.sequence();
  expect((await audit()).findings).toEqual([]);
});
