import { randomUUID } from 'node:crypto';
import {
  makeCreateAccount,
  makeCreateApiKey,
  makeListApiKeys,
  makeRevokeApiKey,
  SCOPES,
} from '../../../../src/domain/accounts';
import { skipPendingOfLead, skipRepliesOfLead } from '../../../../src/domain/delivery';
import {
  makeCarryOutErasures,
  makeGetErasure,
  makeRequestErasure,
  erasedAccountMac,
} from '../../../../src/domain/erasure';
import type { ErasedAccounts } from '../../../../src/domain/keyring.types';
import { rotateBucket } from '../../../../src/domain/leads';
import { makeSequence, readHead } from '../../../../src/domain/ledger';
import { makeAuditLedger, makeLeadBundle } from '../../../../src/domain/proof';
import { makeCallRecipients } from '../../../../src/domain/recipients';
import {
  makeApplyRestore,
  makeExamineRestore,
  makeKeepEnded,
  requireServable,
  type RestoreDeps,
} from '../../../../src/domain/restore';
import type { Database } from '../../../../src/domain/sql.types';
import { makeWithdrawLead } from '../../../../src/domain/unsubscribe';
import { randomIds } from '../../../../src/kernel/ids';
import { openKeyRing, readRingsAsTheyAre, registryOf } from '../../../../src/platform/keyring';
import { memoryErasedAccounts } from '../../../support/erased-accounts';
import { backUp, setBack } from '../../../support/set-back';
import { openVerifier, type Verifier } from '../../../support/verifier';
import { message, newPsid, type TestPage } from '../inbox/inbox-world';
import { openProofWorld, type ProofWorld, type Subscriber } from '../proof/proof-world';
import { registerEveryone } from '../recipients/recipients-world';
import { expectForgeriesFound } from './restore-forgeries';

let world: ProofWorld;
let verifier: Verifier;
let page: TestPage;
let erasedAccounts: ErasedAccounts;
const LAST_SIGNED = new Date('2026-11-23T11:00:00.000Z');

beforeEach(async () => {
  world = await openProofWorld();
  verifier = openVerifier();
  erasedAccounts = memoryErasedAccounts();
  await world.db.run(
    `insert into installation (id, log_origin, created_at) values (1, $1, now()) on conflict (id) do nothing`,
    [world.deps.logOrigin],
  );
  page = await world.newPage();
  await world.logPage(page);
});
afterEach(async () => {
  verifier.close();
  await world.close();
});

/** A key ring by its files, as the command opens it; its rows are those of no database. */
async function restoring(over: Partial<RestoreDeps> = {}): Promise<RestoreDeps> {
  const { deps, ringDir, seal, checkpointCopy, leafCopy } = world;
  const registry = registryOf(await readRingsAsTheyAre(ringDir, [seal]));
  const keyRing = await openKeyRing({ dir: ringDir, seals: [seal], registry, clock: deps.clock, ids: randomIds });
  return {
    ...deps,
    keyRing,
    checkpointCopy,
    leafCopy,
    erasedAccounts,
    rings: () => registry.all(),
    withdrawLead: (id) =>
      makeWithdrawLead({ ...deps, keyRing, skipPendingOfLead, queueReply: () => Promise.resolve() })(id, 'admin'),
    sequence: makeSequence({ ...deps, keyRing, checkpointCopy, leafCopy }),
    lastSignedAt: LAST_SIGNED,
    ...over,
  };
}
const examine = async () => makeExamineRestore(await restoring())();
const apply = async (over: Partial<RestoreDeps> = {}, acceptsLoss = false) =>
  makeApplyRestore(await restoring(over))({ acceptsLoss });
const serves = async () =>
  requireServable({ db: world.db, keyRing: await world.otherRing(), checkpointCopy: world.checkpointCopy });
const audit = () => makeAuditLedger({ ...world.deps, checkpointCopy: world.checkpointCopy })();
const bundleOf = ({ uuid }: Subscriber) =>
  makeLeadBundle(world.bundleDeps)({ accountId: page.accountId, leadUuid: uuid, form: 'json' });

const requestErasure = (person: Subscriber, keepsMark = false) =>
  makeRequestErasure({ ...world.deps, skipPendingOfLead, skipRepliesOfLead })({
    accountId: page.accountId,
    leadUuid: person.uuid,
    erasureUuid: randomUUID(),
    keepsMark,
  });
const carryOut = () =>
  makeCarryOutErasures({ ...world.deps, keyRingCopy: null, dropBackupFiles: () => Promise.resolve(0) })();
async function erase(person: Subscriber): Promise<void> {
  await requestErasure(person);
  expect(await carryOut()).toBe(1);
  await world.sequence();
}
const isStored = async ({ id }: Subscriber): Promise<boolean> =>
  (await world.db.first('select from lead where id = $1', [id])) !== undefined;

/** Two people of one bucket, and one of another. */
async function threePeople(): Promise<[Subscriber, Subscriber, Subscriber]> {
  const ann = await world.subscribe(page);
  const bucket = world.keyRing.bucketOf(page.uuid, ann.psid);
  let psid = newPsid();
  while (world.keyRing.bucketOf(page.uuid, psid) !== bucket) psid = newPsid();
  await world.deliver(page, message(page, psid, world.now(), 'hello'));
  const { id, uuid } = (await world.leadOf(page, psid))!;
  await world.sequence();
  let cid = await world.subscribe(page);
  while (world.keyRing.bucketOf(page.uuid, cid.psid) === bucket) cid = await world.subscribe(page);
  return [ann, { psid, id, uuid }, cid];
}

it('serves nothing before the erasures are applied again; then the erased are gone and everybody else is as before', async () => {
  const [ann, bob, cid] = await threePeople();
  await expect(serves()).resolves.toBeUndefined();
  expect(await examine()).toMatchObject({ isNeeded: false, broadcastsHeld: 0 });
  const before = await bundleOf(bob);
  await backUp(world.db);
  await erase(ann);
  const late = await world.subscribe(page);
  // As a new day does: the ring of the installation changes too.
  await world.keyRing.destroyInboxKeysBefore(Math.floor(world.now().getTime() / 86_400_000) + 1);
  const { size, root } = (await readHead(world.db))!;

  await setBack(world.db);
  await expect(serves()).rejects.toMatchObject({ code: 'database_set_back' });
  expect(await isStored(ann)).toBe(true);
  const stored = (await readHead(world.db))!.size;
  expect(await examine()).toMatchObject({
    isNeeded: true,
    entries: { stored, signed: size },
    peopleErased: 1,
    peopleUnreadable: 0,
    accountsDeleted: 0,
  });
  expect(await isStored(ann)).toBe(true);
  const result = await apply();
  expect(result.entriesLost).toBe(size - stored);
  await expect(serves()).resolves.toBeUndefined();

  expect(await Promise.all([ann, bob, cid, late].map(isStored))).toEqual([false, true, true, false]);
  const checkpoint = await world.db.first('select from ledger_checkpoint where size = $1 and root = $2', [size, root]);
  expect(checkpoint).toBeDefined();
  expect(await audit()).toMatchObject({ ok: true, erased: 2, lost: size - stored, findings: [] });
  await expectForgeriesFound(world.db, audit);
  for (const person of [bob, cid]) expect((await world.leadOf(page, person.psid))?.uuid).toBe(person.uuid);
  for (const bundle of [before, await bundleOf(bob)])
    expect(verifier.verify(bundle, ['--key', world.vkey]).levels.flatMap(({ reasons }) => reasons)).toEqual([]);
  expect(await examine()).toMatchObject({ isNeeded: false });
});

it('brings nobody back through a webhook from before, and takes everybody in who writes now', async () => {
  const ann = await world.subscribe(page);
  await backUp(world.db);
  await erase(ann);
  await setBack(world.db);
  await apply();
  world.setNow(new Date(LAST_SIGNED.getTime() + 60_000));
  await world.deliver(page, message(page, ann.psid, LAST_SIGNED, 'hello again'));
  expect(await world.leadOf(page, ann.psid)).toBeUndefined();
  const furthestAhead = LAST_SIGNED.getTime() + 5 * 60_000;
  await world.deliver(page, message(page, ann.psid, new Date(furthestAhead), 'stamped ahead, then'));
  expect(await world.leadOf(page, ann.psid)).toBeUndefined();
  await world.deliver(page, message(page, ann.psid, new Date(furthestAhead + 1), 'hello again'));
  const back = await world.leadOf(page, ann.psid);
  expect(back).toBeDefined();
  expect(back?.uuid).not.toBe(ann.uuid);
});

it('sends nothing that was to be sent when the backup was made', async () => {
  const ann = await world.subscribe(page);
  const bob = await world.subscribe(page);
  const { broadcastId } = await world.sendTo(page, [ann.id]);
  await backUp(world.db);
  await erase(bob);
  await setBack(world.db);
  await world.db.run(
    `insert into reply (public_id, page_id, lead_id, kind, cause, language, status, due_at, created_at)
     values ($1, $2, $3, 'welcome', $4, 'en', 'pending', now(), now())`,
    [randomUUID(), page.id, ann.id, randomUUID()],
  );
  await world.db.run(
    'insert into subscription_end (account_id, ended_at, delete_at, reminders) values ($1, $2, $2, 2)',
    [page.accountId, world.now()],
  );
  expect(await examine()).toMatchObject({ broadcastsHeld: 1 });
  await apply();
  expect(
    await world.db.first(
      'select status, blocked_reason as reason, status_before_pause as before from broadcast where id = $1',
      [broadcastId],
    ),
  ).toEqual({ status: 'paused', reason: 'restored', before: 'sending' });
  const end = await world.db.first<{ days: number; reminders: number }>(
    `select extract(day from delete_at - $2)::int as days, reminders from subscription_end where account_id = $1`,
    [page.accountId, world.now()],
  );
  expect(end).toEqual({ days: 8, reminders: 0 });
  expect(await world.db.rows(`select distinct status, reason from reply where lead_id = $1`, [ann.id])).toEqual([
    { status: 'skipped', reason: 'restored' },
  ]);
});

it('has recipients told of an erasure that came after the backup, once, from what lies beside the key ring', async () => {
  const ann = await world.subscribe(page);
  await registerEveryone(world.deps, page, 'https://recipient.example.com/');
  await backUp(world.db);
  await requestErasure(ann);
  await carryOut();
  await world.sequence();
  await setBack(world.db);
  expect(await world.count('recipient_call')).toBe(0);
  await apply();
  const told: string[] = [];
  const post = ({ body }: { readonly body: string }) => {
    told.push((JSON.parse(body) as { page_scoped_id: string }).page_scoped_id);
    return Promise.resolve({ kind: 'taken' } as const);
  };
  for (let turn = 0; turn < 2; turn += 1) await makeCallRecipients({ ...world.deps, post })();
  expect([told, await world.deps.sealedCalls.ids()]).toEqual([[ann.psid], []]);
});

it('gives an erasure that was asked for before the backup its end and its certificate, which tells of no mark', async () => {
  const ann = await world.subscribe(page);
  const { erasure } = await requestErasure(ann, true);
  await world.sequence();
  await backUp(world.db);
  expect(await carryOut()).toBe(1);
  await world.sequence();
  await setBack(world.db);
  await apply();
  expect([await isStored(ann), await carryOut()]).toEqual([false, 1]);
  await world.sequence();
  const view = await makeGetErasure({ db: world.db })({ accountId: page.accountId, uuid: erasure.uuid });
  expect(view).toMatchObject({ state: 'complete' });
  expect(view.certificate).toMatch(
    /\nkept nothing\n(?:.+\n)*footprint not run: the keys were gone before, and what to look for with them\n/,
  );
  expect(await audit()).toMatchObject({ ok: true, findings: [] });
});

it('does not bring a deleted account back', async () => {
  const { account } = await makeCreateAccount(world.deps)({ email: `${randomUUID()}@example.com`, name: 'Gone' });
  const other = await world.newPage({ accountId: account.id });
  await world.logPage(other);
  const dan = await world.subscribe(other);
  const ann = await world.subscribe(page);
  await backUp(world.db);
  await erasedAccounts.add(erasedAccountMac(world.keyRing, account.uuid));
  await world.keyRing.dropRing(other.uuid);
  await setBack(world.db);
  expect(await examine()).toMatchObject({ isNeeded: true, accountsDeleted: 1, rings: { missing: [] } });
  await apply();
  expect(await world.db.first('select from account where id = $1', [account.id])).toBeUndefined();
  await world.keyRing.verifyAgainstRegistry();
  expect(world.keyRing.accountKey(account.uuid)).toBeNull();
  expect(await Promise.all([dan, ann].map(isStored))).toEqual([false, true]);
  await expect(serves()).resolves.toBeUndefined();
  expect(await audit()).toMatchObject({ ok: true, closed: 4, findings: [] });
});

it('unsubscribes again whoever left since the backup, and revokes again the API keys that were', async () => {
  const [ann, bob, cid] = await threePeople();
  const newKey = () =>
    makeCreateApiKey({ ...world.deps, ids: randomIds })({ accountId: page.accountId, scopes: SCOPES });
  const [{ uuid: keyUuid }] = [await newKey(), await newKey()];
  const leave = (person: Subscriber) =>
    makeWithdrawLead({ ...world.deps, skipPendingOfLead, queueReply: () => Promise.resolve() })(person.id, 'admin');
  await leave(cid);
  await backUp(world.db);
  await leave(ann);
  await makeRevokeApiKey(world.deps)({ accountId: page.accountId, apiKeyUuid: keyUuid });
  await world.sequence();
  expect(await makeKeepEnded(world.deps)()).toBe(3);
  expect([await makeKeepEnded(world.deps)(), await world.count('ended')]).toEqual([0, 0]);

  await setBack(world.db);
  const statusOf = async (person: Subscriber) => (await world.leadOf(page, person.psid))?.status;
  expect(await statusOf(ann)).toBe('subscribed');
  expect(await examine()).toMatchObject({ isNeeded: true, peopleUnsubscribed: 1, apiKeysRevoked: 1 });
  expect(await statusOf(ann)).toBe('subscribed');
  const dies = () => Promise.reject(new Error('cut off'));
  await expect(apply({ withdrawLead: dies })).rejects.toThrow('cut off');
  await expect(serves()).rejects.toMatchObject({ code: 'restore_unfinished' });
  await apply();
  await expect(serves()).resolves.toBeUndefined();
  expect(await Promise.all([ann, bob, cid].map(statusOf))).toEqual(['unsubscribed', 'subscribed', 'unsubscribed']);
  const keys = await makeListApiKeys(world.deps)({ accountId: page.accountId, limit: 10 });
  expect(keys.items.flatMap(({ uuid, revokedAt }) => (revokedAt === null ? [] : [uuid]))).toEqual([keyUuid]);
  expect(keys.items).toHaveLength(2);
  await world.sequence();
  expect(await audit()).toMatchObject({ ok: true, findings: [] });
});

it('does not unsubscribe whoever came back by an act that the database knows', async () => {
  const [ann] = await threePeople();
  const leave = makeWithdrawLead({ ...world.deps, skipPendingOfLead, queueReply: () => Promise.resolve() });
  await leave(ann.id, 'admin');
  await makeKeepEnded(world.deps)();
  world.setNow(new Date(world.now().getTime() + 60_000));
  await world.deliver(page, message(page, ann.psid, world.now(), 'START'));
  expect((await world.leadOf(page, ann.psid))?.status).toBe('subscribed');
  await world.sequence();
  await backUp(world.db);
  await world.subscribe(page);
  await setBack(world.db);
  expect(await examine()).toMatchObject({ isNeeded: true, peopleUnsubscribed: 0 });
  await apply();
  expect((await world.leadOf(page, ann.psid))?.status).toBe('subscribed');
});

it('changes nothing where a ring is missing or older, and gives nobody up without being told to', async () => {
  const [ann, bob, cid] = await threePeople();
  await backUp(world.db);
  await rotateBucket(world.deps, { page, bucket: world.keyRing.bucketOf(page.uuid, ann.psid) });
  await erase(cid);
  await setBack(world.db);
  const rings = (await restoring()).rings;
  const without = async () => (await rings()).filter(({ ring }) => ring !== `page-${page.uuid}`);
  await expect(apply({ rings: without })).rejects.toMatchObject({ code: 'key_ring_missing' });
  const older = async () => (await rings()).map((row) => ({ ...row, generation: 0 }));
  await expect(apply({ rings: older })).rejects.toMatchObject({ code: 'key_ring_older' });
  const { keyRing } = await restoring();
  const keepsNothing = { ...keyRing, keptLeadKeys: () => Promise.resolve(null) };
  await expect(apply({ keyRing: keepsNothing })).rejects.toMatchObject({ code: 'people_unreadable' });
  expect(await Promise.all([ann, bob, cid].map(isStored))).toEqual([true, true, true]);
  await expect(serves()).rejects.toMatchObject({ code: 'database_set_back' });

  await apply({ keyRing: keepsNothing }, true);
  expect(await Promise.all([ann, bob, cid].map(isStored))).toEqual([false, false, false]);
  expect(await audit()).toMatchObject({ ok: true, erased: 0, findings: [] });
});

it('goes on after it was cut off at any step, and ends the same', async () => {
  const [ann, bob] = await threePeople();
  await backUp(world.db);
  await erase(ann);
  await setBack(world.db);
  let left = 0;
  const { db } = world;
  const dying: Database = {
    ...db,
    transaction: async (work, options) => {
      left -= 1;
      if (left === 0) throw new Error('killed');
      const result = await db.transaction(work, options);
      if (left === 1) throw new Error('killed');
      return result;
    },
  };
  let runs = 0;
  for (let step = 1; ; step += 1) {
    left = step;
    runs += 1;
    const outcome = await apply({ db: dying }).then(
      () => 'done',
      (error: unknown) => (error as Error).message,
    );
    if (outcome === 'done') break;
    expect(outcome).toBe('killed');
    await expect(serves()).rejects.toMatchObject({
      code: expect.stringMatching(/database_set_back|restore_unfinished/) as string,
    });
  }
  expect(runs).toBeGreaterThan(3);
  expect(await Promise.all([ann, bob].map(isStored))).toEqual([false, true]);
  await expect(serves()).resolves.toBeUndefined();
  expect(await audit()).toMatchObject({ ok: true, findings: [] });
});

it('refuses to go on with leaves that do not make the log that was signed', async () => {
  const ann = await world.subscribe(page);
  await backUp(world.db);
  await erase(ann);
  await setBack(world.db);
  const stored = (await readHead(world.db))!.size;
  const changed = {
    ...world.leafCopy,
    read: async (from: number, to: number) => {
      const inputs = await world.leafCopy.read(from, to);
      inputs[0]! ^= 1;
      return inputs;
    },
  };
  await expect(apply({ leafCopy: changed })).rejects.toMatchObject({ code: 'log_forked' });
  const short = { ...world.leafCopy, read: (from: number) => world.leafCopy.read(from, from) };
  await expect(apply({ leafCopy: short })).rejects.toMatchObject({ code: 'leaf_copy_short' });
  expect((await readHead(world.db))!.size).toBe(stored);
  await expect(serves()).rejects.toMatchObject({ code: 'restore_unfinished' });
});

it('forgets who could come back from an archive: what became of them since nobody knows', async () => {
  await world.db.run(
    `insert into account_erasure (public_id, code, account_id, state, asked_at, confirm_until)
     values (gen_random_uuid(), 'a code', 77, 'confirmed', now(), now())`,
  );
  await world.db.run(
    `insert into closed_page (id, page_mac, account_erasure_id, closed_at)
     select gen_random_uuid(), sha256('a page'), id, now() from account_erasure`,
  );
  await backUp(world.db);
  await world.subscribe(page);
  await setBack(world.db);
  expect(await world.count('closed_page')).toBe(1);
  await apply();
  expect(await world.count('closed_page')).toBe(0);
});
