import { createHash, randomBytes, randomUUID } from 'node:crypto';
import {
  appendLeadEntry,
  appendSends,
  commitment,
  makeAppendPageEntry,
  sendsRoot,
} from '../../../../src/domain/consent';
import { leadTransaction, lockLeadRow, openLead } from '../../../../src/domain/leads';
import { message, newPsid, openInboxWorld, type InboxWorld } from '../inbox/inbox-world';

let world: InboxWorld;
beforeAll(async () => {
  world = await openInboxWorld();
});
afterAll(() => world.close());

const notice = {
  version: 2,
  language: 'de',
  surface: 'messenger_welcome',
  sha256: createHash('sha256').update('x').digest(),
};

test('entries are added only to the end of a chain that is locked, several in one transaction too', async () => {
  const page = await world.newPage();
  const psid = newPsid();
  await world.deliver(page, message(page, psid, world.now(), 'hello'));
  const { id } = (await world.leadOf(page, psid))!;
  const shown = { kind: 'notice_shown', notice, mid: 'm_1' } as const;
  const stale = await leadTransaction(world.deps, async (tx) => {
    const lead = openLead(world.keyRing, page, (await lockLeadRow(tx, id))!);
    const second = await appendLeadEntry(tx, world.deps, lead, page, shown);
    const third = await appendLeadEntry(tx, world.deps, second.lead, page, shown);
    expect([second.n, third.n]).toEqual([2, 3]);
    return lead;
  });
  await expect(
    leadTransaction(world.deps, (tx) => appendLeadEntry(tx, world.deps, stale, page, shown)),
  ).rejects.toMatchObject({ code: 'chain_moved' });
  expect(await world.count('ledger_opening where lead_id = $1', [id])).toBe(3);
  expect(await world.count('ledger_pending p join ledger_opening o using (entry_id) where o.lead_id = $1', [id])).toBe(
    3,
  );
  expect((await world.leadOf(page, psid))!.row['chain_n']).toBe(3);
});

test('what Pages and chunks log is readable, committed to, and nobody in it is named', async () => {
  const page = await world.newPage();
  const append = makeAppendPageEntry(world.deps);
  const commitments = [randomBytes(32), randomBytes(32), randomBytes(32)];
  const broadcastUuid = randomUUID();
  const claimedAt = new Date('2026-11-23T10:20:30.456Z');
  const sends = await world.db.transaction(async (tx) => {
    await append(tx, { kind: 'notice', metaPageId: page.metaPageId, notice }, page.accountId);
    await append(
      tx,
      { kind: 'settings', metaPageId: page.metaPageId, optInMode: 'explicit', basis: 'gdpr.6.1.a' },
      page.accountId,
    );
    return appendSends(tx, world.deps, {
      accountId: page.accountId,
      pageId: page.id,
      metaPageId: page.metaPageId,
      broadcastId: '1',
      broadcastUuid,
      contentSha256: randomBytes(32),
      isTest: false,
      at: claimedAt,
      commitments,
    });
  });
  const rows = await world.db.rows<{ entry_id: string; opening: Buffer; commitment: Buffer; lead_id: null }>(
    `select o.entry_id, o.opening, o.lead_id, p.commitment from ledger_opening o join ledger_pending p using (entry_id)
     where o.account_id = $1 order by p.id`,
    [page.accountId],
  );
  const bodies = rows.map(({ opening, commitment: stored }) => {
    const [body, nonce] = [opening.subarray(0, -64), opening.subarray(-64)];
    expect(commitment(body, nonce)).toEqual(stored);
    return JSON.parse(body.toString()) as Record<string, unknown>;
  });
  expect(bodies.map(({ kind }) => kind)).toEqual(['notice', 'settings', 'sends']);
  // By the clock that claimed the messages, however the clock of this process goes.
  expect(bodies[2]!['at']).toBe(claimedAt.toISOString());
  expect(bodies[2]).toMatchObject({ broadcast: broadcastUuid, n: 3, root: sendsRoot(commitments).toString('hex') });
  const stored = await world.db.first<{ commitments: Buffer }>(
    'select commitments from ledger_sends where entry_id = $1',
    [sends.entryId],
  );
  expect(stored!.commitments).toEqual(Buffer.concat(commitments));
});
