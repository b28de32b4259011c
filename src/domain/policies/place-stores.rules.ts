import type { Store } from './data-map.types';
import { ofNobody, store } from './table.rules';

/** A metric is written with its labels; `*` stands for the rest of a name. */
const METRICS: Store = store(
  'metric',
  'metrics',
  'Counts and durations, by kinds alone.',
  'In memory, until the process ends.',
  [
    ofNobody(
      'assent_webhook_bodies_total{result} assent_inbound_events_total{kind} assent_sends_total{outcome} assent_ledger_entries_total{result} assent_ledger_size assent_job_seconds{job} assent_http_request_seconds{route,method,status}',
      'What happened and how often. Labels are kinds, never ids.',
    ),
    ofNobody('process_* nodejs_*{kind,space,type,version,major,minor,patch}', 'What the process takes of the machine.'),
  ],
);

const QUEUE: Store = store(
  'queue',
  'Redis',
  'The queue of jobs, where it lies in Redis, with its append-only file and snapshot. Without Redis it lies in tables of its own, with the same in it.',
  'A job until it is done; that it began and ended until 10,000 others did.',
  [
    ofNobody('jobs', 'What is to be done: the fields of the jobs above, and when.', 'random'),
    ofNobody('lists', 'Which jobs wait, run, or come later, by their names.', 'random'),
    ofNobody('events', 'That a job began and ended, by its name.', 'random'),
    ofNobody('locks', 'That a process works on a job.', 'random'),
    ofNobody('settings', 'Counters and marks of the queue itself.'),
    ofNobody(
      'control',
      'What `assent footprint` and the look after an erasure lay there for a minute, to see that they see.',
      'random',
    ),
  ],
);

const FILES: readonly Store[] = [
  store(
    'file',
    'KEYRING_DIR',
    'The keys: one file for the installation, one for each Page.',
    'A key until what it opens is erased: then the file is written anew without it, and the old one is overwritten.',
    [
      ofNobody('keys', 'Everything personal is unreadable without them.', 'key, wrapped under another key'),
      ofNobody('checkpoint', 'The newest signed state of the log, against a database that was set back.'),
      ofNobody(
        'log.leaves',
        'What every leaf of the log commits to, so that a restored database gets back its tree.',
        'keyed hash',
      ),
      ofNobody(
        'lead-keys',
        'The wrapped keys of people whose bucket was rotated, beside the random ids of their leads: a restored database has them under keys that are gone.',
        'key, wrapped under another key',
      ),
      ofNobody('openings.owned', 'That openings of earlier releases were given what shows whose they are.'),
      ofNobody('accounts.erased', 'Deleted accounts, so that no restored database brings one back.', 'keyed hash'),
      ofNobody(
        'ended',
        'The random ids of leads who unsubscribed and of API keys that were revoked in the last 90 days, so that no restored database undoes it.',
        'keyed hash',
      ),
    ],
  ),
  store(
    'file',
    'KEYRING_DIR/recipient-calls',
    'What recipients are to be told of an erasure: one file each. In no backup of the database, and not in the second copy of the key ring.',
    'Until the recipient has taken it; at the longest 72 hours. Then it is overwritten and removed, and with it the only copy of its key.',
    [
      {
        fields: 'call',
        about: 'person',
        class: 'identifier',
        form: 'ciphertext under a key of its own',
        purpose:
          'The page-scoped id, by which the recipient finds the person, and where and with which secret it is told.',
      },
    ],
  ),
  store(
    'file',
    'KEYRING_COPY_DIR',
    'The second copy of the same files, on another machine.',
    'As the key ring: it is brought in step before an erasure is certified.',
    [
      ofNobody(
        'keys',
        'So that the loss of one machine is not the loss of everything.',
        'key, wrapped under another key',
      ),
      ofNobody('checkpoint log.leaves lead-keys accounts.erased ended', 'As beside the key ring.'),
    ],
  ),
  store(
    'file',
    'DATA_DIR',
    'On one machine without servers: secrets made at the first start, the database, its log.',
    'As the database.',
    [
      ofNobody('secrets runtime lock', 'Secrets and addresses of the program itself.'),
      ofNobody(
        'postgres',
        'The database with its journal: the tables above, and what was deleted from them until it is overwritten; of people that is ciphertext without a key.',
      ),
      ofNobody(
        'sandbox',
        'What the built-in Messenger remembers, sealed. Only for trying it out.',
        'ciphertext under the key of the account',
      ),
    ],
  ),
];

const ARCHIVES: Store = store(
  'file',
  'DATA_DIR/exports',
  'Archives of accounts that were asked for, each encrypted with a passphrase that is kept nowhere.',
  'A day at the longest; until another one is asked for, somebody in it is erased, or the account is deleted.',
  [
    {
      fields: 'archive',
      about: 'person',
      class: 'content',
      form: 'ciphertext under a passphrase',
      purpose: 'Settings, content, people and proofs of the account, for its owner to take along.',
    },
  ],
);

const TEMPORARY: Store = store(
  'file',
  'TMPDIR',
  'Files for a moment in the folder of the system.',
  'Until the process ends, or the command does.',
  [
    ofNobody('heartbeat', 'Empty: when it was touched says whether a worker is alive.'),
    ofNobody(
      'control',
      'What `assent footprint` and the look after an erasure lay there, to see that they see.',
      'random',
    ),
  ],
);

const CACHES: readonly Store[] = [
  store(
    'cache',
    'key rings',
    'Keys of Pages and accounts in memory.',
    '30 seconds after another process destroyed one, or until the process ends.',
    [ofNobody('keys', 'So that not every message reads a file.')],
  ),
];

/** What lies beside the tables, the jobs and the log. */
export const PLACE_STORES: readonly Store[] = [METRICS, QUEUE, ...FILES, ARCHIVES, TEMPORARY, ...CACHES];
