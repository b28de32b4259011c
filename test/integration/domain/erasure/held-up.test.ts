import { randomUUID } from 'node:crypto';
import { skipPendingOfLead, skipRepliesOfLead } from '../../../../src/domain/delivery';
import {
  makeCarryOutErasures,
  makeEraseByAge,
  makeEraseByChat,
  makeRequestErasure,
  readUncertified,
} from '../../../../src/domain/erasure';
import type { KeyRingCopy } from '../../../../src/domain/keyring.types';
import { leadTransaction, lockLeadRow, openLead } from '../../../../src/domain/leads';
import { makeReleasePages } from '../../../../src/domain/pages';
import { makeApplyRetention } from '../../../../src/domain/retention';
import type { TestPage } from '../inbox/inbox-world';
import type { Subscriber } from '../proof/proof-world';
import { openReturnsWorld, type ReturnsWorld } from '../returns/returns-world';

const MINUTE_MS = 60_000;
const MONTH_MS = 31 * 86_400_000;
let world: ReturnsWorld;
let page: TestPage;
beforeEach(async () => {
  world = await openReturnsWorld();
  page = await world.connect();
});
afterEach(() => world.close());

const skips = { skipPendingOfLead, skipRepliesOfLead };
const request = ({ uuid }: Subscriber) =>
  makeRequestErasure({ ...world.deps, ...skips })({
    accountId: page.accountId,
    leadUuid: uuid,
    erasureUuid: randomUUID(),
    keepsMark: false,
  });
const carryOut = (keyRingCopy: KeyRingCopy | null = null) =>
  makeCarryOutErasures({ ...world.deps, keyRingCopy, dropBackupFiles: () => Promise.resolve(0) })();
const damage = ({ id }: Subscriber) =>
  world.db.run('update lead_key set psid_ct = set_byte(psid_ct, 20, get_byte(psid_ct, 20) # 1) where lead_id = $1', [
    id,
  ]);
const isStored = async ({ id }: Subscriber) => (await world.count('lead where id = $1', [id])) === 1;
const later = (ms: number) => world.setNow(new Date(world.now().getTime() + ms));
const code = (name: string) => expect.objectContaining({ code: name }) as Error;
const lost: KeyRingCopy = { update: () => Promise.reject(new Error('the copy is away')) };

/** Two people who share no bucket. */
async function twoPeople(): Promise<[Subscriber, Subscriber]> {
  const one = await world.write(page);
  for (;;) {
    const other = await world.write(page);
    const buckets = [one, other].map(({ psid }) => world.keyRing.bucketOf(page.uuid, psid));
    if (buckets[0] !== buckets[1]) return [one, other];
  }
}

it('erases others though one person cannot be opened, and says that it could not', async () => {
  const [ann, bob] = await twoPeople();
  for (const person of [ann, bob]) await request(person);
  await damage(ann);
  await world.sequence();
  await expect(carryOut()).rejects.toEqual(code('field_unreadable'));
  expect([await isStored(ann), await isStored(bob)]).toEqual([true, false]);
  expect(await world.count(`erasure where state = 'complete'`)).toBe(1);
});

it('keeps others no longer than they may be kept though one person cannot be opened', async () => {
  const [ann, bob] = await twoPeople();
  await damage(ann);
  await world.db.run(
    `insert into audit_event (public_id, account_id, kind, detail_ct, created_at) values (gen_random_uuid(), $1, 'x', '', now() - interval '9 years')`,
    [page.accountId],
  );
  later(40 * MONTH_MS);
  const eraseByAge = makeEraseByAge({ ...world.deps, ...skips });
  await expect(makeApplyRetention({ ...world.deps, eraseByAge })()).rejects.toEqual(code('field_unreadable'));
  expect(await world.count(`lead where status = 'erasing' and id = $1`, [bob.id])).toBe(1);
  expect(await world.count(`audit_event where kind = 'x'`)).toBe(0);
});

it('keeps nothing of a finished erasure by which a page-scoped id could be tried', async () => {
  const ann = await world.write(page);
  await request(ann);
  await world.sequence();
  expect(await world.count('erasure where bucket is not null')).toBe(1);
  expect(await carryOut()).toBe(1);
  expect(await world.count('erasure where bucket is null and key_version is null')).toBe(1);
});

it('gives an account nothing of the erasure that somebody asked for in the chat', async () => {
  const ann = await world.write(page);
  const erase = makeEraseByChat({ ...world.deps, ...skips, queueErasureLink: () => Promise.resolve() });
  await leadTransaction(world.deps, async (tx) => {
    const lead = openLead(world.keyRing, page, (await lockLeadRow(tx, ann.id))!);
    await erase(tx, lead, page, { cause: randomUUID(), language: 'en', keepsMark: false });
  });
  await expect(request(ann)).rejects.toEqual(code('lead_erased'));
});

it('deletes an account though the erasure of one person cannot end, after a minute, and says so of nobody', async () => {
  const [ann] = [await world.write(page), await world.write(page)];
  await request(ann);
  await damage(ann);
  await world.confirmDeletion(page);
  await world.finishDeletion();
  expect(await isStored(ann)).toBe(true);
  later(MINUTE_MS + 1);
  await world.finishDeletion();
  expect(await world.count('lead where account_id = $1', [page.accountId])).toBe(0);
  expect(await world.count('erasure')).toBe(0);
  expect((await world.audit()).findings).toEqual([]);
});

it('deletes the rows of an account though the copy of the key ring is away, and certifies when it is back', async () => {
  await world.write(page);
  const uncertified = async () => (await readUncertified(world.db)).count;
  expect(await uncertified()).toBe(0);
  await world.confirmDeletion(page);
  expect(await uncertified()).toBe(1);
  await expect(world.finishDeletion(lost)).rejects.toThrow('the copy is away');
  expect(await uncertified()).toBe(1);
  await world.keyRing.reload(page.uuid);
  expect(() => world.keyRing.bucketVersions(page.uuid, 0)).toThrow();
  expect(await world.count('account where id = $1', [page.accountId])).toBe(0);
  const states = () => world.db.rows('select state, keys_destroyed_at is null as "isWaiting" from account_erasure');
  expect(await states()).toEqual([{ state: 'destroying', isWaiting: true }]);
  await world.finishDeletion({ update: () => Promise.resolve(0) });
  expect(await states()).toEqual([{ state: 'complete', isWaiting: false }]);
  expect(await uncertified()).toBe(0);
});

it('leaves no wrapped keys of an account beside the key ring that a slower erasure of one person kept', async () => {
  const ann = await world.write(page);
  await world.confirmDeletion(page);
  const late = async () => {
    await world.keyRing.keepLeadKeys(page.uuid, 3, 2, [{ leadUuid: ann.uuid, dekWrapped: Buffer.alloc(40) }]);
    return 0;
  };
  await world.finishDeletion({ update: late });
  expect(await world.keyRing.keptLeadKeys(page.uuid, 3, 2)).toBeNull();
});

it('certifies nobody while the copy of the key ring is away', async () => {
  const ann = await world.write(page);
  await request(ann);
  await world.sequence();
  await expect(carryOut(lost)).rejects.toThrow('the copy is away');
  expect(await isStored(ann)).toBe(false);
  expect(await world.count(`erasure where state = 'complete'`)).toBe(0);
  expect(await carryOut()).toBe(1);
});

it.each([
  ['damaged', () => world.db.run(`update page set token_ct = decode('00', 'hex') where id = $1`, [page.id])],
  ['sealed under a ring that is lost', () => world.keyRing.dropRing(page.uuid)],
])('leaves a Page whose token is %s to itself when Meta was asked long enough', async (_how, lose) => {
  await world.db.run(`update page set token_ct = 'x' where id = $1`, [page.id]);
  await lose();
  const graph = { unsubscribe: () => Promise.reject(new Error('nobody asks')) };
  const release = makeReleasePages({ ...world.deps, graph } as unknown as Parameters<typeof makeReleasePages>[0]);
  expect(await release(page.accountId, false)).toEqual({ released: 0, left: 1 });
  expect(await release(page.accountId, true)).toEqual({ released: 0, left: 0 });
});
