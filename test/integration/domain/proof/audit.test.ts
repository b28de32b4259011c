import { randomBytes } from 'node:crypto';
import { appendSystemEntry, makeAnnounceKeys } from '../../../../src/domain/consent';
import { makeSequence, pendingMac } from '../../../../src/domain/ledger';
import { makeAuditLedger, type AuditResult } from '../../../../src/domain/proof';
import { APP_SECRET, event, message, newPsid, postback, type TestPage } from '../inbox/inbox-world';
import { FACT_EDITS } from './audit-edits-facts';
import { LEDGER_EDITS } from './audit-edits-ledger';
import { ROW_EDITS } from './audit-edits-rows';
import { openProofWorld, type ProofWorld } from './proof-world';

let world: ProofWorld;
let page: TestPage;
const audit = (over: Partial<Parameters<typeof makeAuditLedger>[0]> = {}): Promise<AuditResult> =>
  makeAuditLedger({ ...world.deps, checkpointCopy: world.checkpointCopy, ...over })();

const later = (ms: number): Date => new Date(world.now().getTime() + ms);
const permission = (token: string) => ({ type: 'notification_messages', notification_messages_token: token });
const settings = (basis: string) =>
  ({ kind: 'settings', metaPageId: page.metaPageId, optInMode: 'explicit', basis }) as const;

/** Tables that edits change, by whether their ids are generated. */
const SAVED: Readonly<Record<string, boolean>> = {
  ledger_leaf: false,
  ledger_tile: false,
  ledger_checkpoint: false,
  ledger_opening: false,
  ledger_sends: false,
  ledger_announced: false,
  ledger_pending: true,
  lead: true,
  lead_key: false,
  key_bucket: false,
  delivery: false,
  evidence_segment: false,
  notice: false,
  page: true,
  broadcast: true,
};

/** As somebody with the database in their hands does it: no constraint and no trigger stands in their way. */
const byHand = (statements: readonly string[]): Promise<void> =>
  world.db.transaction(async (tx) => {
    await tx.run(`set local session_replication_role = replica`);
    for (const statement of statements) await tx.run(statement);
  });

const restore = (): Promise<void> =>
  byHand(
    Object.entries(SAVED).flatMap(([table, isGenerated]) => [
      `delete from ${table}`,
      `insert into ${table} ${isGenerated ? 'overriding system value' : ''} table saved.${table}`,
    ]),
  );

beforeAll(async () => {
  world = await openProofWorld();
  page = await world.newPage();
  const [a, b, c] = [newPsid(), newPsid(), newPsid()];
  await world.store({
    object: 'page',
    entry: [
      {
        id: page.metaPageId,
        time: world.now().getTime() + 700,
        messaging: [
          postback(page, a, world.now(), 'assent:v1:start'),
          message(page, b, world.now(), 'hello'),
          message(page, c, world.now(), 'hello'),
        ],
      },
    ],
  });
  await world.drain();
  await world.deliver(page, event(page, c, later(500), { optin: permission('token-1') }));
  const [ann, bob] = [(await world.leadOf(page, a))!.id, (await world.leadOf(page, b))!.id];
  await world.showNotice(page, ann);
  await world.showNotice(page, bob);
  await world.sequence();
  await world.sendTo(page, [bob, ann]);
  await world.deliver(page, message(page, a, world.now(), 'STOP'));
  await world.deliver(page, message(page, a, later(1_000), 'START'));
  await world.logPage(page);
  await makeAnnounceKeys(world.deps)({ vkey: world.vkey, appSecrets: [APP_SECRET] });
  await world.db.transaction(async (tx) => {
    for (let n = 0; n < 520; n += 1) await appendSystemEntry(tx, world.deps, page.accountId, settings(`b${String(n)}`));
  });
  world.setNow(new Date(world.now().getTime() + 5_000));
  await world.sequence();
  await world.deliver(page, message(page, c, world.now(), 'STOP'));
  await world.db.transaction((tx) => appendSystemEntry(tx, world.deps, page.accountId, settings('waiting')));
  await world.db.run(`update page set opt_in_mode = 'explicit', basis = 'waiting'`);
  await world.db.run(`create schema saved`);
  for (const table of Object.keys(SAVED)) await world.db.run(`create table saved.${table} as table ${table}`);
});
afterAll(() => world.close());

it('finds nothing wrong in a ledger that is whole, and opens every leaf', async () => {
  const result = await audit();
  expect(result.findings).toEqual([]);
  expect(result).toMatchObject({ ok: true, opened: result.size, unopenable: 0, people: 3, messages: 2, pending: 2 });
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
    await byHand(sql);
    result = await audit();
  } finally {
    await restore();
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
  const row = await world.db.first<{ entry: string }>('select entry_id as entry from ledger_leaf where leaf_index = 9');
  await world.db.run('insert into ledger_pending (entry_id, commitment, mac, mac_key_id) values ($1, $2, $3, $4)', [
    row!.entry,
    commitment,
    pendingMac(key, row!.entry, commitment),
    id,
  ]);
  const result = await audit();
  await restore();
  expect(result.findings).toMatchObject([{ what: 'pending_repeated', entryId: row!.entry, leafIndex: null }]);
});

it.each([
  ['another root', (note: string) => note.replace(/\n[A-Za-z0-9+/]{43}=\n/, `\n${'A'.repeat(43)}=\n`), 'copy_unsigned'],
  ['nonsense', () => 'x', 'copy_unsigned'],
])('names a checkpoint beside the key ring with %s', async (_name, edit, what) => {
  const copy = edit((await world.checkpointCopy.read())!);
  const result = await audit({ checkpointCopy: { read: () => Promise.resolve(copy), write: () => Promise.resolve() } });
  expect(result.findings).toMatchObject([{ what, leafIndex: null }]);
});

it('names the log that another checkpoint of our key beside the key ring tells of', async () => {
  const other = await openProofWorld();
  try {
    const elsewhere = await other.newPage();
    await other.deliver(elsewhere, message(elsewhere, newPsid(), other.now(), 'hello'));
    const key = world.keyRing.systemKey('log-signing');
    const keyRing = { ...other.deps.keyRing, systemKey: () => key };
    await makeSequence({ ...other.deps, keyRing, checkpointCopy: other.checkpointCopy })();
    const result = await audit({ checkpointCopy: other.checkpointCopy });
    expect(result.findings).toMatchObject([{ what: 'copy_differs', leafIndex: 0 }]);
  } finally {
    await other.close();
  }
});

it('counts every finding, and keeps the hundred with the lowest leaves', async () => {
  await byHand([`delete from ledger_leaf where leaf_index between 200 and 400`]);
  const result = await audit();
  await restore();
  expect(result.wrong).toBeGreaterThan(200);
  expect(result.findings).toHaveLength(100);
  expect(result.first).toMatchObject({ what: 'leaf_missing', leafIndex: 200 });
});

it('counts what the sequencer set aside, and takes it for no fault of the log', async () => {
  await world.db.run(
    `insert into ledger_rejected values (1000000, gen_random_uuid(), sha256('x'), '', 1, 'mac', now())`,
  );
  expect(await audit()).toMatchObject({ ok: true, rejected: 1 });
});

it('is whole again after all that', async () => {
  expect((await audit()).findings).toEqual([]);
});
