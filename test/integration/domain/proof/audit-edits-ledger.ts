import { flip, ANN, BOB, SENDS, entryOf, leafOf, sendsLeaf, edit, type Edit } from './audit-edit';

const LAST = `(select max(size) from ledger_checkpoint)`;
const CLEAR_WAITING = `(select entry_id from ledger_pending join ledger_opening using (entry_id) where opening is not null)`;
const SEALED_WAITING = `(select entry_id from ledger_pending join ledger_opening using (entry_id) where lead_id is not null)`;
const tile = (level: number, n: number, set: string): string =>
  `update ledger_tile set ${set} where level = ${String(level)} and n = ${String(n)}`;

const LEAVES: readonly Edit[] = [
  edit('a leaf deleted', 'leaf_missing', 3, `delete from ledger_leaf where leaf_index = 3`),
  edit(
    'the last leaf deleted',
    'leaf_missing',
    `${LAST} - 1`,
    `delete from ledger_leaf where leaf_index = ${LAST} - 1`,
  ),
  edit(
    'a leaf passed off as erased',
    'leaf_state',
    300,
    `update ledger_leaf set state = 'erased', entry_id = null, closed_mac = sha256('x') where leaf_index = 300`,
  ),
  edit(
    'a leaf passed off as lost, and its opening deleted',
    'leaf_state',
    300,
    `delete from ledger_opening where entry_id = (select entry_id from ledger_leaf where leaf_index = 300)`,
    `update ledger_leaf set state = 'lost', entry_id = null, closed_mac = '' where leaf_index = 300`,
  ),
  edit(
    'a leaf given to another entry',
    'opening_missing',
    300,
    `update ledger_leaf set entry_id = gen_random_uuid() where leaf_index = 300`,
  ),
  edit(
    'a leaf appended',
    'leaf_unsigned',
    100_000,
    `insert into ledger_leaf (leaf_index, entry_id) values (100000, gen_random_uuid())`,
  ),
  edit(
    'two leaves swapped',
    'opening_changed',
    300,
    `create temporary table two on commit drop as select leaf_index, entry_id from ledger_leaf where leaf_index in (300, 301)`,
    `delete from ledger_leaf where leaf_index in (300, 301)`,
    `insert into ledger_leaf (leaf_index, entry_id) select 601 - leaf_index, entry_id from two`,
  ),
  edit(
    'a leaf moved out of the log',
    'leaf_missing',
    300,
    `update ledger_leaf set leaf_index = -1 where leaf_index = 300`,
  ),
];

const TILES: readonly Edit[] = [
  edit('a leaf input', 'opening_changed', 258, tile(-1, 1, `hashes = ${flip('hashes', 64)}`)),
  edit('a leaf hash', 'tile_changed', 258, tile(0, 1, `hashes = ${flip('hashes', 64)}`)),
  edit('a hash of the edge', 'tile_changed', 512, tile(0, 2, `hashes = ${flip('hashes')}`)),
  edit('an input of the edge', 'opening_changed', 513, tile(-1, 2, `hashes = ${flip('hashes', 33)}`)),
  edit('a hash above', 'tile_changed', 256, tile(1, 0, `hashes = ${flip('hashes', 32)}`)),
  edit('a tile deleted', 'tile_changed', 0, `delete from ledger_tile where level = 0 and n = 0`),
  edit('a tile of inputs deleted', 'opening_changed', 0, `delete from ledger_tile where level = -1 and n = 0`),
  edit('a tile above deleted', 'tile_changed', 0, `delete from ledger_tile where level = 1`),
  edit('a tile cut short', 'tile_changed', 257, tile(0, 1, `hashes = substring(hashes for 32)`)),
  edit('a tile made longer', 'tile_changed', 512, tile(-1, 2, `hashes = hashes || sha256('x')`)),
  edit('a tile emptied', 'tile_changed', 256, tile(0, 1, `hashes = ''`)),
  edit('a tile added', 'tile_extra', null, `insert into ledger_tile values (0, 77, sha256('x'))`),
  edit('a tile of no level added', 'tile_extra', null, `insert into ledger_tile values (-2, 0, sha256('x'))`),
  edit('a tile of no place added', 'tile_extra', null, `insert into ledger_tile values (0, -1, sha256('x'))`),
  edit('a level added', 'tile_extra', null, `insert into ledger_tile values (2, 0, sha256('x'))`),
  edit('a tile moved', 'tile_changed', 0, `update ledger_tile set n = 9 where level = 1`),
  edit('a tile moved to another level', 'tile_changed', 0, `update ledger_tile set level = 3 where level = 1`),
];

const FIRST = `(select min(size) from ledger_checkpoint)`;
const CHECKPOINTS: readonly Edit[] = [
  edit(
    'the root of a checkpoint',
    'checkpoint_root',
    `${FIRST} - 1`,
    `update ledger_checkpoint set root = ${flip('root')} where size = ${FIRST}`,
  ),
  edit(
    'the size of a checkpoint',
    'checkpoint_changed',
    FIRST,
    `update ledger_checkpoint set size = size + 1 where size = ${FIRST}`,
  ),
  edit(
    'the size of the newest checkpoint, beyond all bounds',
    'checkpoint_changed',
    999_999_999_998,
    `update ledger_checkpoint set size = 999999999999 where size = ${LAST}`,
  ),
  edit(
    'the origin in a note',
    'checkpoint_unsigned',
    `${FIRST} - 1`,
    `update ledger_checkpoint set note = replace(note, 'log.test', 'log.tesT') where size = ${FIRST}`,
  ),
  edit(
    'the notes of all checkpoints',
    'checkpoint_unsigned',
    `${FIRST} - 1`,
    `update ledger_checkpoint set note = replace(note, 'log.test', 'log.tesT')`,
  ),
  edit(
    'the signature of a checkpoint',
    'checkpoint_unsigned',
    `${FIRST} - 1`,
    `update ledger_checkpoint set note = regexp_replace(note, '(.{20})(.)(.{20})\\n$', '\\1' || case when note ~ 'A.{20}\\n$' then 'B' else 'A' end || '\\3' || chr(10)) where size = ${FIRST}`,
  ),
  edit(
    'the note of another checkpoint',
    'checkpoint_changed',
    `${FIRST} - 1`,
    `update ledger_checkpoint set note = (select note from ledger_checkpoint where size = ${LAST}) where size = ${FIRST}`,
  ),
  edit(
    'the time of a checkpoint',
    'checkpoint_time',
    `${LAST} - 1`,
    `update ledger_checkpoint set signed_at = signed_at - interval '1 year' where size = ${LAST}`,
  ),
  edit(
    'a time that is none',
    'checkpoint_time',
    `${LAST} - 1`,
    `update ledger_checkpoint set signed_at = 'infinity' where size = ${LAST}`,
  ),
  edit(
    'the newest checkpoint deleted',
    'checkpoint_missing',
    `${LAST} - 1`,
    `delete from ledger_checkpoint where size = ${LAST}`,
  ),
  edit(
    'a checkpoint of nothing added',
    'checkpoint_changed',
    0,
    `insert into ledger_checkpoint select 0, root, note, signed_at from ledger_checkpoint where size = ${FIRST}`,
  ),
  edit(
    'the database set back',
    'copy_ahead',
    FIRST,
    `delete from ledger_leaf where leaf_index >= ${FIRST}`,
    `delete from ledger_tile where level > 0 or n > 0`,
    `update ledger_tile set hashes = substring(hashes for ${FIRST}::int * 32)`,
    `delete from ledger_checkpoint where size > ${FIRST}`,
  ),
];

const OPENINGS: readonly Edit[] = [
  edit(
    'the opening of a person',
    'opening_unreadable',
    leafOf(entryOf(ANN, 1)),
    `update ledger_opening set opening_ct = ${flip('opening_ct', 20)} where entry_id = ${entryOf(ANN, 1)}`,
  ),
  edit(
    'an opening cut short',
    'opening_unreadable',
    leafOf(entryOf(ANN, 1)),
    `update ledger_opening set opening_ct = substring(opening_ct for 3) where entry_id = ${entryOf(ANN, 1)}`,
  ),
  edit(
    'an opening deleted',
    'opening_missing',
    leafOf(entryOf(BOB, 2)),
    `delete from ledger_opening where entry_id = ${entryOf(BOB, 2)}`,
  ),
  edit(
    'an opening given to another entry',
    'opening_missing',
    leafOf(entryOf(BOB, 2)),
    `update ledger_opening set entry_id = gen_random_uuid() where entry_id = ${entryOf(BOB, 2)}`,
  ),
  edit(
    'an opening given to somebody else',
    'opening_unreadable',
    leafOf(entryOf(ANN, 1)),
    `update ledger_opening set lead_id = ${BOB} where entry_id = ${entryOf(ANN, 1)}`,
  ),
  edit(
    'an opening given to another account',
    'opening_owner',
    leafOf(entryOf(ANN, 1)),
    `update ledger_opening set account_id = account_id + 1 where entry_id = ${entryOf(ANN, 1)}`,
  ),
  edit(
    'the openings of two people swapped',
    'opening_unreadable',
    leafOf(entryOf(ANN, 1)),
    `update ledger_opening o set opening_ct = x.opening_ct from ledger_opening x
      where (o.entry_id, x.entry_id) in ((${entryOf(ANN, 1)}, ${entryOf(BOB, 1)}), (${entryOf(BOB, 1)}, ${entryOf(ANN, 1)}))`,
  ),
  edit(
    'two openings of one person swapped',
    'opening_unreadable',
    leafOf(entryOf(BOB, 1)),
    `update ledger_opening o set opening_ct = x.opening_ct from ledger_opening x
      where (o.entry_id, x.entry_id) in ((${entryOf(BOB, 1)}, ${entryOf(BOB, 2)}), (${entryOf(BOB, 2)}, ${entryOf(BOB, 1)}))`,
  ),
  edit(
    'an opening in clear',
    'opening_changed',
    sendsLeaf,
    `update ledger_opening set opening = ${flip('opening', 9)} where entry_id = ${SENDS}`,
  ),
  edit(
    'an opening in clear emptied',
    'opening_changed',
    sendsLeaf,
    `update ledger_opening set opening = '' where entry_id = ${SENDS}`,
  ),
  edit(
    'an opening added',
    'opening_unlogged',
    null,
    `insert into ledger_opening (entry_id, opening) values (gen_random_uuid(), sha256('x'))`,
  ),
];

const WAITING: readonly Edit[] = [
  edit(
    'a waiting entry added',
    'pending_forged',
    null,
    `insert into ledger_pending (entry_id, commitment, mac, mac_key_id) values (gen_random_uuid(), sha256('x'), substring(sha256('y') for 16), 1)`,
  ),
  edit('the MAC of a waiting entry', 'pending_forged', null, `update ledger_pending set mac = ${flip('mac')}`),
  edit('a MAC cut short', 'pending_forged', null, `update ledger_pending set mac = ''`),
  edit('the key of a MAC', 'pending_forged', null, `update ledger_pending set mac_key_id = 77`),
  edit('a waiting commitment', 'pending_forged', null, `update ledger_pending set commitment = sha256('x')`),
  edit('the entry that waits', 'pending_forged', null, `update ledger_pending set entry_id = gen_random_uuid()`),
  edit('a waiting entry deleted', 'opening_unlogged', null, `delete from ledger_pending`),
  edit(
    'the opening of a waiting entry',
    'opening_changed',
    null,
    `update ledger_opening set opening = ${flip('opening', 9)} where entry_id = ${CLEAR_WAITING}`,
  ),
  edit(
    'the opening of a waiting entry deleted',
    'pending_unopened',
    null,
    `delete from ledger_opening where entry_id = ${CLEAR_WAITING}`,
  ),
  edit(
    'the sealed opening of a waiting entry',
    'lead_chain',
    null,
    `update ledger_opening set opening_ct = ${flip('opening_ct', 30)} where entry_id = ${SEALED_WAITING}`,
  ),
];

const CHUNKS: readonly Edit[] = [
  edit(
    'a commitment of a chunk',
    'sends_changed',
    sendsLeaf,
    `update ledger_sends set commitments = ${flip('commitments', 40)}`,
  ),
  edit(
    'two commitments of a chunk swapped',
    'sends_changed',
    sendsLeaf,
    `update ledger_sends set commitments = substring(commitments from 33) || substring(commitments for 32)`,
  ),
  edit(
    'a chunk cut short',
    'sends_changed',
    sendsLeaf,
    `update ledger_sends set commitments = substring(commitments for 33)`,
  ),
  edit('a chunk deleted', 'sends_changed', sendsLeaf, `delete from ledger_sends`),
  edit(
    'a chunk given to another entry',
    'sends_changed',
    sendsLeaf,
    `update ledger_sends set entry_id = gen_random_uuid()`,
  ),
  edit(
    'a chunk of no entry added',
    'entry_missing',
    null,
    `insert into ledger_sends values (gen_random_uuid(), 1, 1, '')`,
  ),
  edit('the broadcast of a chunk', 'sends_changed', sendsLeaf, `update ledger_sends set broadcast_id = null`),
  edit('the Page of a chunk', 'sends_changed', sendsLeaf, `update ledger_sends set page_id = page_id + 1`),
  edit(
    'an announcement of no entry',
    'entry_missing',
    null,
    `insert into ledger_announced values (sha256('x'), gen_random_uuid())`,
  ),
];

/** Edits of what makes up the log. */
export const LEDGER_EDITS: readonly Edit[] = [...LEAVES, ...TILES, ...CHECKPOINTS, ...OPENINGS, ...WAITING, ...CHUNKS];
