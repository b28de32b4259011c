import type { Store } from './data-map.types';
import { ofNobody, store } from './table.rules';

const FOR_EVER = 'For ever: the log only grows. It holds nothing about anybody.';

const PLACES = 'Its place in the log, and what it commits to.';

/** The signed log and the program's own tables. */
const TABLES: readonly Store[] = [
  store(
    'table',
    'ledger_leaf',
    'Which entry a leaf of the log is.',
    `${FOR_EVER} The way from the leaf to the entry ends with the person or the account.`,
    [
      ofNobody('leaf_index state', PLACES),
      ofNobody('entry_id', 'The entry, until it is erased.', 'random'),
      ofNobody(
        'closed_mac chain_end_mac',
        'That we closed it and as what; that a chain of somebody ended here when an account was deleted, which can be told only as long as somebody of its Page can come back.',
        'keyed hash',
      ),
    ],
  ),
  store('table', 'ledger_tile', 'The hash tree of the log.', FOR_EVER, [
    ofNobody('level n hashes', 'Hashes over commitments.', 'hash'),
  ]),
  store('table', 'ledger_checkpoint', 'Signed states of the log.', 'For ever; after a day only some of each day.', [
    ofNobody('size root note signed_at', 'The tree, its signature, and when.'),
  ]),
  store('table', 'ledger_pending', 'Entries that wait for their leaf.', 'Less than a second.', [
    ofNobody('id mac_key_id', PLACES),
    ofNobody('entry_id', 'The entry.', 'random'),
    ofNobody('commitment mac', 'What it commits to, and that we wrote it.', 'keyed hash'),
  ]),
  store('table', 'ledger_rejected', 'Rows among those that no process of ours wrote.', 'For ever.', [
    ofNobody('id mac_key_id reason rejected_at', 'Why each was set aside.'),
    ofNobody('entry_id', 'As it stood there.', 'random'),
    ofNobody('commitment mac', 'As they stood there.', 'keyed hash'),
  ]),
  store('table', 'ledger_sends', 'Chunks of messages that were authorised.', 'Until the account is deleted.', [
    ofNobody('broadcast_id page_id', 'Which broadcast and Page.'),
    ofNobody('entry_id', 'The entry.', 'random'),
    ofNobody(
      'commitments',
      'One commitment for each message, which nothing opens once its person is erased.',
      'keyed hash',
    ),
  ]),
  store('table', 'ledger_announced', 'Keys that were announced in the log.', 'For ever.', [
    ofNobody('entry_id', 'The entry.', 'random'),
    ofNobody('fact_sha256', 'What was announced.', 'hash'),
  ]),
  store('table', 'anchor', 'Words of others about when the log was what.', 'For ever.', [
    ofNobody('size name class token certificates anchored_at', 'Time-stamps and cosignatures.'),
  ]),
  store('table', 'anchor_service', 'Those who are asked for them.', 'For ever.', [
    ofNobody(
      'name class last_size last_anchored_at attempted_at failures last_fault due_at',
      'When each was asked, and answered.',
    ),
  ]),
  store(
    'table',
    'key_ring',
    'Which generation of each file of keys is in force.',
    'Until the account is deleted; that of the installation for ever.',
    [ofNobody('ring generation sha256', 'Recognises a file that is not the newest.', 'hash')],
  ),
  store('table', 'installation', 'The name of the log.', 'For ever.', [
    ofNobody('id log_origin created_at', 'Made once.'),
    ofNobody(
      'restoring_at restored_at events_lost_until',
      'That a backup of the database was put back, and until when its events are lost.',
    ),
  ]),
  store('table', 'schema_migration', 'Which migrations ran.', 'For ever.', [
    ofNobody('id timestamp name', 'Order and name.'),
  ]),
];

const QUEUE = 'Until the job is done; then it is removed, also when it failed.';
const JOBS: readonly Store[] = [
  store('job', 'drain-inbox', 'That webhooks wait.', QUEUE, [ofNobody('nudge', 'A random word.', 'random')]),
  store('job', 'freeze-audience', 'That an audience is to be chosen.', QUEUE, [
    ofNobody('broadcastId', 'The broadcast.', 'random'),
    ofNobody('generation', 'Which attempt.'),
  ]),
  store('job', 'make-backup', 'That an archive of an account is to be made.', QUEUE, [
    ofNobody('backupId', 'The archive.', 'random'),
    ofNobody('generation', 'Which attempt.'),
  ]),
  store('job', 'send-chunk', 'That messages are due.', QUEUE, [
    ofNobody('broadcastId pageId', 'Broadcast and Page.', 'random'),
    ofNobody('generation lane turn', 'Which attempt.'),
  ]),
  store('job', 'send-replies', 'That answers are due.', QUEUE, [
    ofNobody('pageId nudge', 'The Page, and a random word.', 'random'),
    ofNobody('turn', 'Which attempt.'),
  ]),
];

const LOG: Store = store(
  'log',
  'program log',
  'Lines about the program. A field that is not in this list is dropped; none names a person.',
  'Written to standard output; whoever runs the installation keeps it.',
  [
    ofNobody('account broadcast page request_id', 'Ids made here, or by whoever calls.', 'random'),
    ofNobody(
      'address attempt bytes class code constraint count duration_ms error failed generation job kind lane method pending queue reason route skipped sql_state state status store subcode version',
      'What happened, how often, and with which code.',
    ),
  ],
);

export const PROGRAM_STORES: readonly Store[] = [...TABLES, ...JOBS, LOG];
