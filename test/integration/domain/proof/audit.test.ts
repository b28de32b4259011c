import { randomBytes, randomUUID } from 'node:crypto';
import { makeSequence, pendingMac } from '../../../../src/domain/ledger';
import type { AuditResult } from '../../../../src/domain/proof';
import { message, newPsid } from '../inbox/inbox-world';
import { BOB, ofKind } from './audit-edit';
import { FACT_EDITS } from './audit-edits-facts';
import { LEDGER_EDITS } from './audit-edits-ledger';
import { ROW_EDITS } from './audit-edits-rows';
import { makeHistory, openAuditWorld, type AuditWorld } from './audit-world';
import { openProofWorld } from './proof-world';
import { memoryLeafCopy } from '../../../support/leaf-copy';

let world: AuditWorld;
beforeAll(async () => {
  world = await openAuditWorld();
  await makeHistory(world, { leaves: 520 });
  await world.save();
});
afterAll(() => world.close());

it('finds nothing wrong in a ledger that is whole, and opens every leaf', async () => {
  const result = await world.audit();
  expect(result.findings).toEqual([]);
  expect(result).toMatchObject({ ok: true, opened: result.size, unopenable: 0, people: 3, messages: 6, pending: 2 });
  expect(result).toMatchObject({ wrong: 0, first: null, rejected: 0 });
  expect(result.size).toBeGreaterThan(520);
  const head = await world.db.first<{ root: Buffer }>('select root from ledger_checkpoint order by size desc limit 1');
  expect(result.root).toBe(head!.root.toString('base64'));
});

it.each([...LEDGER_EDITS, ...ROW_EDITS, ...FACT_EDITS])('names $name', async ({ sql, what, leaf }) => {
  const found = typeof leaf === 'string' ? await world.db.first<{ leaf: string }>(`select ${leaf} as leaf`) : undefined;
  const expected = found === undefined ? (leaf ?? null) : Number(found.leaf);
  let result: AuditResult;
  try {
    await world.byHand(sql);
    result = await world.audit();
  } finally {
    await world.restore();
  }
  expect(result.ok).toBe(false);
  const named = result.findings.filter((finding) => finding.what === what);
  expect(result.findings.map((finding) => finding.what)).toContain(what);
  expect(named[0]!.leafIndex).toBe(expected);
  if (expected !== null) expect(result.first!.leafIndex).toBe(expected);
});

it('names a waiting entry that has its leaf already, though its MAC is right', async () => {
  const { id, key } = world.keyRing.pendingMacKey();
  const commitment = randomBytes(32);
  const row = await world.db.first<{ entry: string }>(`select ${ofKind('notice')} as entry`);
  await world.db.run('insert into ledger_pending (entry_id, commitment, mac, mac_key_id) values ($1, $2, $3, $4)', [
    row!.entry,
    commitment,
    pendingMac(key, row!.entry, commitment),
    id,
  ]);
  const result = await world.audit();
  await world.restore();
  expect(result.findings).toMatchObject([{ what: 'pending_repeated', entryId: row!.entry, leafIndex: null }]);
});

it.each([
  ['another root', (note: string) => note.replace(/\n[A-Za-z0-9+/]{43}=\n/, `\n${'A'.repeat(43)}=\n`), 'copy_unsigned'],
  ['nonsense', () => 'x', 'copy_unsigned'],
])('names a checkpoint beside the key ring with %s', async (_name, edit, what) => {
  const copy = edit((await world.checkpointCopy.read())!);
  const result = await world.audit({
    checkpointCopy: { read: () => Promise.resolve(copy), write: () => Promise.resolve() },
  });
  expect(result.findings).toMatchObject([{ what, leafIndex: null }]);
});

it('names the log that another checkpoint of our key beside the key ring tells of', async () => {
  const other = await openProofWorld();
  try {
    const elsewhere = await other.newPage();
    await other.deliver(elsewhere, message(elsewhere, newPsid(), other.now(), 'hello'));
    const key = world.keyRing.systemKey('log-signing');
    const keyRing = { ...other.deps.keyRing, systemKey: () => key };
    await makeSequence({ ...other.deps, keyRing, checkpointCopy: other.checkpointCopy, leafCopy: memoryLeafCopy() })();
    const result = await world.audit({ checkpointCopy: other.checkpointCopy });
    expect(result.findings).toMatchObject([{ what: 'copy_differs', leafIndex: 0 }]);
  } finally {
    await other.close();
  }
});

it('counts every finding, and keeps the hundred with the lowest leaves', async () => {
  await world.byHand([`delete from ledger_leaf where leaf_index between 200 and 400`]);
  const result = await world.audit();
  await world.restore();
  expect(result.wrong).toBeGreaterThan(200);
  expect(result.findings).toHaveLength(100);
  expect(result.first).toMatchObject({ what: 'leaf_missing', leafIndex: 200 });
});

it('counts what the sequencer set aside, and takes it for no fault of the log', async () => {
  await world.db.run(
    `insert into ledger_rejected values (1000000, gen_random_uuid(), sha256('x'), '', 1, 'mac', now())`,
  );
  expect(await world.audit()).toMatchObject({ ok: true, rejected: 1 });
});

it('takes a test for no fault whose draft changed since, or was deleted', async () => {
  const draft = await world.sendTo(world.page, []);
  const gone = { broadcastId: '99999999', broadcastUuid: randomUUID() };
  const bob = (await world.db.first<{ id: string }>(`select ${BOB} as id`))!.id;
  for (const tested of [draft, gone]) await world.sendTest(world.page, [bob], tested);
  await world.db.run(`update broadcast set content_sha256 = sha256('changed') where id = $1`, [draft.broadcastId]);
  await world.sequence();
  const { findings, messages } = await world.audit();
  expect([findings, messages]).toEqual([[], 8]);
});

it('is whole again after all that', async () => {
  expect((await world.audit()).findings).toEqual([]);
});
