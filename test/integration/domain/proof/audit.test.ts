import { appendSystemEntry } from '../../../../src/domain/consent';
import { makeAuditLedger, type AuditResult } from '../../../../src/domain/proof';
import { message, newPsid, postback, type TestPage } from '../inbox/inbox-world';
import { openProofWorld, type ProofWorld } from './proof-world';

let world: ProofWorld;
let page: TestPage;
let ann: string;
let bob: string;
const audit = (): Promise<AuditResult> => makeAuditLedger({ ...world.deps, checkpointCopy: world.checkpointCopy })();

beforeAll(async () => {
  world = await openProofWorld();
  page = await world.newPage();
  const [a, b] = [newPsid(), newPsid()];
  await world.deliver(page, postback(page, a, world.now(), 'assent:v1:start'));
  await world.deliver(page, message(page, b, world.now(), 'hello'));
  ann = (await world.leadOf(page, a))!.id;
  bob = (await world.leadOf(page, b))!.id;
  await world.showNotice(page, ann);
  await world.showNotice(page, bob);
  await world.sequence();
  await world.sendTo(page, [bob, ann]);
  await world.deliver(page, message(page, a, world.now(), 'STOP'));
  await world.deliver(page, message(page, a, new Date(world.now().getTime() + 1_000), 'START'));
  await world.db.transaction(async (tx) => {
    const notice = { version: 1, language: 'en', surface: 'messenger_welcome', sha256: Buffer.alloc(0) };
    const own = await tx.first<{ sha256: Buffer }>('select sha256 from notice where page_id = $1', [page.id]);
    await appendSystemEntry(tx, world.deps, page.accountId, {
      kind: 'notice',
      metaPageId: page.metaPageId,
      notice: { ...notice, sha256: own!.sha256 },
    });
    for (let n = 0; n < 520; n += 1) {
      const entry = {
        kind: 'settings',
        metaPageId: page.metaPageId,
        optInMode: 'explicit',
        basis: `b${String(n)}`,
      } as const;
      await appendSystemEntry(tx, world.deps, page.accountId, entry);
    }
  });
  await world.sequence();
});
afterAll(() => world.close());

it('finds nothing wrong in a ledger that is whole, and opens every leaf', async () => {
  const result = await audit();
  expect(result.findings).toEqual([]);
  expect(result).toMatchObject({ ok: true, opened: result.size, people: 2, messages: 2, wrong: 0, first: null });
  expect(result.size).toBeGreaterThan(520);
});

/** Leaf of the n-th entry of a person. */
const leafOf = async (leadId: string, n: number): Promise<number> => {
  const rows = await world.db.rows<{ index: string }>(
    `select f.leaf_index as index from ledger_opening o join ledger_leaf f using (entry_id) where o.lead_id = $1 order by 1`,
    [leadId],
  );
  return Number(rows[n - 1]!.index);
};
const SENDS = `(select entry_id from ledger_sends limit 1)`;
const leafOfEntry = async (entry: string): Promise<number> =>
  Number((await world.db.first<{ i: string }>(`select leaf_index as i from ledger_leaf where entry_id = ${entry}`))!.i);

/** `flip` of a bytea column: its first byte becomes another one. */
const flip = (column: string, at = 0): string =>
  `set_byte(${column}, ${String(at)}, get_byte(${column}, ${String(at)}) # 1)`;

type Edit = readonly [name: string, sql: string, what: string, leaf?: (() => Promise<number>) | number];

const ANN = `(select min(id) from lead)`;
const BOB = `(select max(id) from lead)`;
const opening = (leadId: string, n: number): string =>
  `(select entry_id from (select entry_id, row_number() over (order by leaf_index) as n from ledger_opening
     join ledger_leaf using (entry_id) where lead_id = ${leadId}) x where n = ${String(n)})`;

const EDITS: readonly Edit[] = [
  ['a leaf deleted', `delete from ledger_leaf where leaf_index = 3`, 'leaf_missing', 3],
  [
    'the last leaf deleted',
    `delete from ledger_leaf where leaf_index = (select max(leaf_index) from ledger_leaf)`,
    'leaf_missing',
  ],
  [
    'a leaf passed off as erased',
    `update ledger_leaf set state = 'erased', entry_id = null where leaf_index = 300`,
    'opening_unlogged',
  ],
  [
    'a leaf given to another entry',
    `update ledger_leaf set entry_id = gen_random_uuid() where leaf_index = 300`,
    'opening_missing',
    300,
  ],
  [
    'a leaf appended',
    `insert into ledger_leaf (leaf_index, entry_id) values (100000, gen_random_uuid())`,
    'leaf_unsigned',
    100_000,
  ],
  [
    'two leaves swapped',
    `with gone as (delete from ledger_leaf where leaf_index in (300, 301) returning leaf_index, entry_id)
     insert into ledger_leaf (leaf_index, entry_id) select 1601 - leaf_index, entry_id from gone`,
    'leaf_missing',
    300,
  ],
  [
    'a leaf input',
    `update ledger_tile set hashes = ${flip('hashes', 64)} where level = -1 and n = 1`,
    'opening_changed',
    258,
  ],
  [
    'a leaf hash',
    `update ledger_tile set hashes = ${flip('hashes', 64)} where level = 0 and n = 1`,
    'tile_changed',
    258,
  ],
  [
    'a hash of the edge',
    `update ledger_tile set hashes = ${flip('hashes')} where level = 0 and n = 2`,
    'tile_changed',
    512,
  ],
  ['a hash above', `update ledger_tile set hashes = ${flip('hashes', 32)} where level = 1`, 'tile_changed', 256],
  ['a tile deleted', `delete from ledger_tile where level = 0 and n = 0`, 'tile_changed', 0],
  ['a tile of inputs deleted', `delete from ledger_tile where level = -1 and n = 0`, 'opening_changed', 0],
  [
    'a tile cut short',
    `update ledger_tile set hashes = substring(hashes for 32) where level = 0 and n = 1`,
    'tile_changed',
    257,
  ],
  [
    'a tile made longer',
    `update ledger_tile set hashes = hashes || sha256('x') where level = -1 and n = 2`,
    'tile_changed',
    512,
  ],
  ['a tile added', `insert into ledger_tile values (0, 77, sha256('x'))`, 'tile_extra'],
  ['a tile moved', `update ledger_tile set n = 9 where level = 1`, 'tile_changed', 0],
  [
    'the root of a checkpoint',
    `update ledger_checkpoint set root = ${flip('root')} where size = (select min(size) from ledger_checkpoint)`,
    'checkpoint_root',
  ],
  [
    'the note of a checkpoint',
    `update ledger_checkpoint set note = replace(note, 'log.test', 'log.tesT')`,
    'checkpoint_unsigned',
  ],
  [
    'the signature of a checkpoint',
    `update ledger_checkpoint set note = regexp_replace(note, '(.)(.{20})\\n$', 'A\\2' || chr(10))`,
    'checkpoint_unsigned',
  ],
  [
    'the note of another checkpoint',
    `update ledger_checkpoint c set note = (select note from ledger_checkpoint o where o.size <> c.size limit 1)`,
    'checkpoint_changed',
  ],
  [
    'the time of a checkpoint',
    `update ledger_checkpoint set signed_at = signed_at - interval '1 year' where size = (select max(size) from ledger_checkpoint)`,
    'checkpoint_time',
  ],
  [
    'the newest checkpoint deleted',
    `delete from ledger_checkpoint where size = (select max(size) from ledger_checkpoint)`,
    'copy_ahead',
  ],
  [
    'the opening of a person',
    `update ledger_opening set opening_ct = ${flip('opening_ct', 20)} where entry_id = ${opening(ANN, 1)}`,
    'opening_unreadable',
    () => leafOf(ann, 1),
  ],
  [
    'an opening deleted',
    `delete from ledger_opening where entry_id = ${opening(BOB, 2)}`,
    'opening_missing',
    () => leafOf(bob, 2),
  ],
  [
    'an opening given to somebody else',
    `update ledger_opening set lead_id = ${BOB} where entry_id = ${opening(ANN, 1)}`,
    'opening_unreadable',
    () => leafOf(ann, 1),
  ],
  [
    'two openings of one person swapped',
    `update ledger_opening o set opening_ct = (select opening_ct from ledger_opening where lead_id = o.lead_id and entry_id <> o.entry_id limit 1) where lead_id = ${BOB}`,
    'opening_unreadable',
    () => leafOf(bob, 1),
  ],
  [
    'an opening in clear',
    `update ledger_opening set opening = ${flip('opening', 9)} where entry_id = ${SENDS}`,
    'opening_changed',
    () => leafOfEntry(SENDS),
  ],
  [
    'an opening in clear emptied',
    `update ledger_opening set opening = '' where entry_id = ${SENDS}`,
    'opening_changed',
    () => leafOfEntry(SENDS),
  ],
  [
    'an opening added',
    `insert into ledger_opening (entry_id, opening) values (gen_random_uuid(), sha256('x'))`,
    'opening_unlogged',
  ],
  [
    'a commitment of a chunk',
    `update ledger_sends set commitments = ${flip('commitments', 40)}`,
    'sends_changed',
    () => leafOfEntry(SENDS),
  ],
  ['a chunk deleted', `delete from ledger_sends`, 'sends_changed', () => leafOfEntry(SENDS)],
  [
    'a waiting entry added',
    `insert into ledger_pending (entry_id, commitment, mac, mac_key_id) values (gen_random_uuid(), sha256('x'), substring(sha256('y') for 16), 1)`,
    'pending_forged',
  ],
  [
    'a waiting entry under a key that is none',
    `insert into ledger_pending (entry_id, commitment, mac, mac_key_id) values (gen_random_uuid(), sha256('x'), substring(sha256('y') for 16), 77)`,
    'pending_forged',
  ],
  ['a status', `update lead set status = 'unsubscribed' where id = ${BOB}`, 'lead_status'],
  [
    'a status set back',
    `update lead set status = 'subscribed', consent_entry = null where id = ${BOB}`,
    'lead_consent',
  ],
  ['a consent', `update lead set consent_entry = gen_random_uuid() where id = ${ANN}`, 'lead_consent'],
  [
    'the commitment of a consent',
    `update lead set consent_commitment = ${flip('consent_commitment')} where id = ${ANN}`,
    'lead_consent',
  ],
  ['the number of a consent', `update lead set consent_n = consent_n + 1 where id = ${ANN}`, 'lead_consent'],
  ['the length of a chain', `update lead set chain_n = chain_n - 1 where id = ${ANN}`, 'lead_chain'],
  ['the end of a chain', `update lead set chain_head = ${flip('chain_head')} where id = ${ANN}`, 'lead_chain'],
  [
    'a subject',
    `update lead set subject_ref = ${flip('subject_ref')} where id = ${ANN}`,
    'chain_subject',
    () => leafOf(ann, 1),
  ],
  ['a withdrawal', `update lead set withdrawal_commitment = null where id = ${ANN}`, 'lead_withdrawal'],
  [
    'a key',
    `update lead_key set dek_wrapped = ${flip('dek_wrapped')} where lead_id = ${ANN}`,
    'opening_unreadable',
    () => leafOf(ann, 1),
  ],
  [
    'the place of a message',
    `update delivery set sends_position = 1 - sends_position where lead_id = ${ANN}`,
    'message_changed',
    () => leafOfEntry(SENDS),
  ],
  [
    'the attempt of a message',
    `update delivery set attempt = 2 where lead_id = ${ANN}`,
    'message_changed',
    () => leafOfEntry(SENDS),
  ],
  [
    'the path of a message',
    `update delivery set path = 'utility' where lead_id = ${ANN}`,
    'message_changed',
    () => leafOfEntry(SENDS),
  ],
  [
    'the time of a message',
    `update delivery set claimed_at = claimed_at - interval '1 second' where lead_id = ${ANN}`,
    'message_changed',
    () => leafOfEntry(SENDS),
  ],
  [
    'the consent of a message',
    `update delivery set consent_entry = gen_random_uuid() where lead_id = ${ANN}`,
    'message_changed',
    () => leafOfEntry(SENDS),
  ],
  [
    'the chain a message counts',
    `update delivery set subject_n = subject_n + 1 where lead_id = ${ANN}`,
    'message_changed',
    () => leafOfEntry(SENDS),
  ],
  ['a wording', `update notice set body = body || '!'`, 'notice_changed'],
  ['a wording with its hash', `update notice set body = 'x', sha256 = sha256('x')`, 'notice_missing'],
];

const SAVED = [
  'ledger_leaf',
  'ledger_tile',
  'ledger_checkpoint',
  'ledger_opening',
  'ledger_sends',
  'ledger_pending',
  'lead',
  'lead_key',
  'delivery',
  'notice',
];

beforeAll(async () => {
  await world.db.run(`create schema saved`);
  for (const table of SAVED) await world.db.run(`create table saved.${table} as table ${table}`);
});

/** As somebody with the database in their hands does it: no constraint and no trigger stands in their way. */
const byHand = (statements: readonly string[]): Promise<void> =>
  world.db.transaction(async (tx) => {
    await tx.run(`set local session_replication_role = replica`);
    for (const statement of statements) await tx.run(statement);
  });

const restore = (): Promise<void> =>
  byHand(
    SAVED.flatMap((table) => [
      `delete from ${table}`,
      `insert into ${table} ${['lead', 'ledger_pending'].includes(table) ? 'overriding system value' : ''} table saved.${table}`,
    ]),
  );

it.each(EDITS.map((edit) => ({ name: edit[0], edit })))('names $name', async ({ edit: [, sql, what, leaf] }) => {
  const expected = typeof leaf === 'function' ? await leaf() : leaf;
  let result: AuditResult;
  try {
    await byHand([sql]);
    result = await audit();
  } finally {
    await restore();
  }
  expect(result.ok).toBe(false);
  expect(result.findings.map((finding) => finding.what)).toContain(what);
  if (expected === undefined) return;
  expect(result.findings.find((finding) => finding.what === what)?.leafIndex).toBe(expected);
  expect(result.first?.leafIndex).toBeLessThanOrEqual(expected);
});

it('is whole again after all that', async () => {
  expect((await audit()).findings).toEqual([]);
});

it('raises no false alarm while people opt in, leave and return beside it', async () => {
  let isDone = false;
  const busy = (async () => {
    for (let n = 0; !isDone; n += 1) {
      const psid = newPsid();
      await world.deliver(page, postback(page, psid, world.now(), 'assent:v1:start'));
      await world.deliver(page, message(page, psid, new Date(world.now().getTime() + n), 'STOP'));
      await world.sequence();
    }
  })();
  for (let n = 0; n < 5; n += 1) expect((await audit()).findings).toEqual([]);
  isDone = true;
  await busy;
});
