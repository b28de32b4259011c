import { makeClaimChunk, type ClaimInput } from '../../../../src/domain/delivery/claim-chunk';
import { until } from '../../../support/until';
import { accepted, openDeliveryWorld, type DeliveryWorld, type WorldBroadcast, type WorldPage } from './delivery-world';

let world: DeliveryWorld;
beforeAll(async () => {
  world = await openDeliveryWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  world.sender.calls.length = 0;
  world.sender.answer = accepted;
});

const inputFor = (page: WorldPage, broadcast: WorldBroadcast, limit = 50): ClaimInput => ({
  generation: 1,
  broadcast: { ...broadcast, contentSha256: Buffer.alloc(32) },
  page,
  limit,
});

it('an unsubscribe that has begun keeps its lead out of the claim, and nobody else', async () => {
  const page = await world.addPage(300);
  const leads = await world.addLeads(page, 3);
  const broadcast = await world.addBroadcast([page]);
  await world.db.transaction(async (tx) => {
    await tx.run(`update lead set status = 'unsubscribed', withdrawn_at = now() where id = $1`, [leads[0]!.id]);
    expect(await world.sendOnce(broadcast, page)).toEqual({ kind: 'continue' });
    expect(world.sender.calls.map((call) => call.psid).sort()).toEqual([leads[1]!.psid, leads[2]!.psid].sort());
    // Nothing but the held row is left: the job comes back for it and does not call the Page finished.
    expect(await world.sendOnce(broadcast, page)).toEqual({ kind: 'wait', delayMs: 200 });
  });
  await world.sendAll(broadcast, page);
  expect(world.sender.calls).toHaveLength(2);
  expect((await world.rows(broadcast)).map((row) => row.reason ?? row.status)).toEqual([
    'unsubscribed',
    'accepted',
    'accepted',
  ]);
});

it('an unsubscribe waits for a claim in progress and does not deadlock with it', async () => {
  const page = await world.addPage(300);
  const [lead] = await world.addLeads(page, 2);
  const broadcast = await world.addBroadcast([page]);
  let leaving: Promise<unknown> = Promise.resolve();
  let isGone = false;
  const claim = makeClaimChunk({
    ...world.deps,
    logSends: async (tx, chunk) => {
      leaving = world.unsubscribe(lead!).then(() => (isGone = true));
      await until('the unsubscribe waits for the claim', async () => {
        const rows = await world.db.rows(
          `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
        );
        return rows.length > 0;
      });
      expect(isGone).toBe(false);
      return world.deps.logSends(tx, chunk);
    },
  });
  const claimed = await claim(inputFor(page, broadcast));
  expect(claimed.kind === 'claimed' && claimed.rows.length).toBe(2);
  await leaving;
  expect((await world.rows(broadcast)).map((row) => row.status)).toEqual(['sending', 'sending']);
});

it('goes on behind rows whose leads somebody else holds', async () => {
  const page = await world.addPage(5);
  const leads = await world.addLeads(page, 12);
  const broadcast = await world.addBroadcast([page]);
  await world.db.transaction(async (tx) => {
    await tx.run('select from lead where id = any($1::bigint[]) for update', [
      leads.slice(0, 7).map((lead) => lead.id),
    ]);
    const claimed = await makeClaimChunk(world.deps)(inputFor(page, broadcast, 5));
    expect(claimed.kind === 'claimed' && claimed.rows.map((row) => row.leadId)).toEqual(
      leads.slice(7, 12).map((lead) => lead.id),
    );
  });
});

it('a cancel between the pick and the update makes the claim take nothing', async () => {
  const page = await world.addPage(300);
  await world.addLeads(page, 2);
  const broadcast = await world.addBroadcast([page]);
  const claim = makeClaimChunk({
    ...world.deps,
    logSends: async (tx, chunk) => {
      await world.db.run(`update delivery set status = 'skipped', reason = 'cancelled' where broadcast_id = $1`, [
        broadcast.id,
      ]);
      return world.deps.logSends(tx, chunk);
    },
  });
  expect(await claim(inputFor(page, broadcast))).toEqual({ kind: 'nothing', held: 1 });
  expect((await world.rows(broadcast)).map((row) => row.reason)).toEqual(['cancelled', 'cancelled']);
  expect(await world.db.rows('select from ledger_sends where broadcast_id = $1', [broadcast.id])).toHaveLength(0);
});

it('reads the key ring again when a bucket was rotated elsewhere', async () => {
  const page = await world.addPage(300);
  await world.addLeads(page, 2);
  const broadcast = await world.addBroadcast([page]);
  const other = await world.openKeyRingAgain();
  await other.reload(page.uuid);
  const keys = await world.db.rows<{ bucket: number; dek: Buffer; id: string }>(
    'select bucket, dek_wrapped as dek, lead_id as id from lead_key where page_id = $1',
    [page.id],
  );
  for (const { bucket, dek, id } of keys) {
    const version = await other.stage(page.uuid, bucket);
    const wrapped = other.wrapLeadKey(page.uuid, bucket, version, other.unwrapLeadKey(page.uuid, bucket, 1, dek));
    await world.db.run('update lead_key set key_version = $2, dek_wrapped = $3 where lead_id = $1', [
      id,
      version,
      wrapped,
    ]);
    await other.commit(page.uuid, bucket, version);
  }
  await world.sendAll(broadcast, page);
  expect(world.sender.calls).toHaveLength(2);
});

it('drops a lead that leaves while the chunk is being sent', async () => {
  const page = await world.addPage(5);
  const leads = await world.addLeads(page, 5);
  const broadcast = await world.addBroadcast([page]);
  const last = leads[4]!;
  let leftMs = Number.POSITIVE_INFINITY;
  world.sender.answer = async (call) => {
    if (call.psid === leads[0]!.psid) {
      await world.unsubscribe(last);
      leftMs = performance.now();
    }
    return accepted(call);
  };
  expect(await world.sendOnce(broadcast, page)).toEqual({ kind: 'continue' });
  // On a busy machine requests of a chunk overtake one another.
  expect(new Set(world.sender.calls.map((call) => call.psid))).toEqual(
    new Set(leads.slice(0, 4).map(({ psid }) => psid)),
  );
  expect(world.sender.calls).toHaveLength(4);
  expect(Math.max(...world.sender.calls.map((call) => call.atMs))).toBeGreaterThan(leftMs);
  const rows = await world.rows(broadcast);
  expect(rows.map((row) => row.reason ?? row.status)).toEqual([
    'accepted',
    'accepted',
    'accepted',
    'accepted',
    'unsubscribed',
  ]);
});

it.each([
  ['paused', 'pending'],
  ['cancelled', 'cancelled'],
] as const)('stops when the broadcast is %s, and the rest is %s', async (status, rest) => {
  const page = await world.addPage(5);
  const leads = await world.addLeads(page, 5);
  const broadcast = await world.addBroadcast([page]);
  world.sender.answer = async (call) => {
    await world.db.run('update broadcast set status = $2 where id = $1', [broadcast.id, status]);
    return accepted(call);
  };
  await world.sendOnce(broadcast, page);
  const sent = world.sender.calls.length;
  expect(sent).toBeGreaterThanOrEqual(1);
  expect(sent).toBeLessThanOrEqual(3);
  const rows = await world.rows(broadcast);
  expect(rows.map((row) => row.reason ?? row.status)).toEqual(
    leads.map((_, place) => (place < sent ? 'accepted' : rest)),
  );
  expect(rows[4]!.attempt).toBe(1);
});

it('puts back what it has not sent when the worker shuts down, and another sends it', async () => {
  const page = await world.addPage(5);
  await world.addLeads(page, 5);
  const broadcast = await world.addBroadcast([page]);
  const shutdown = new AbortController();
  world.sender.answer = (call) => {
    shutdown.abort();
    return accepted(call);
  };
  await world.sendOnce(broadcast, page, shutdown.signal);
  expect(world.sender.calls).toHaveLength(1);
  expect((await world.rows(broadcast)).map((row) => row.status)).toEqual([
    'accepted',
    ...Array<string>(4).fill('pending'),
  ]);
  world.sender.answer = accepted;
  await world.sendAll(broadcast, page);
  expect(world.sender.calls).toHaveLength(5);
  expect(new Set(world.sender.calls.map((call) => call.psid)).size).toBe(5);
});
