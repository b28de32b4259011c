import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../support/program';

/**
 * Sources whose test does not mirror their path, by the test that stands for them. Each is a step of what that test does as
 * a whole, and would be tested on its own only with the rest replaced. The test must reach the source by its imports.
 */
const TESTED_WITHIN: Readonly<Record<string, { readonly because: string; readonly sources: readonly string[] }>> = {
  'test/unit/domain/unsubscribe/words.rules.test.ts': {
    because: 'tables without code; the look-up is tested with every word in them',
    sources: [
      'unsubscribe/words-asian.rules',
      'unsubscribe/words-eastern.rules',
      'unsubscribe/words-erasure.rules',
      'unsubscribe/words-privacy.rules',
      'unsubscribe/words-western.rules',
    ],
  },
  'test/unit/domain/unsubscribe/erasure-answers.test.ts': {
    because: 'the titles of three buttons, by what each says when it is typed',
    sources: ['delivery/erasure-answers.rules'],
  },
  'test/unit/domain/inbox/webhook.rules.test.ts': {
    because: 'one kind of event each; the parser of whole bodies is tested with a fixture for every shape',
    sources: [
      'inbox/change-event.rules',
      'inbox/message-event.rules',
      'inbox/messaging-event.rules',
      'inbox/optin-event.rules',
      'inbox/referral.rules',
    ],
  },
  'test/integration/http/meta.routes.test.ts': {
    because: 'what Meta asks is one step, from the form to the page of the code and the stop of a Page',
    sources: ['callbacks/take-meta-request', 'pages/recheck-tokens'],
  },
  'test/integration/domain/returns/return-people.test.ts': {
    because: 'whether somebody comes back is one decision, from the yes to a deletion to the entry of the return',
    sources: ['backup/import-people', 'erasure/closed-page', 'ledger/leaf-inputs', 'returns/return-candidates'],
  },
  'test/integration/domain/returns/changed-proofs.test.ts': {
    because: 'what is read of a stream of proofs, and of leaves, is tested with those that somebody changed',
    sources: ['erasure/close-leaves', 'erasure/close-leaves.store', 'proof/returning-record', 'proof/returning-stream'],
  },
  'test/golden/data-map.test.ts': {
    because: 'a map without code: it is held against what it maps',
    sources: [
      'policies/account-stores.rules',
      'policies/data-map.rules',
      'policies/page-stores.rules',
      'policies/people-stores.rules',
      'policies/place-stores.rules',
      'policies/program-stores.rules',
      'policies/table.rules',
      'policies/trace-stores.rules',
    ],
  },
  'test/integration/domain/erasure/end-subscription.test.ts': {
    because: 'who may begin what after an end is decided with it',
    sources: ['accounts/subscription.store'],
  },
  'test/integration/domain/restore/restore.test.ts': {
    because: 'a restored database is one state: it is examined, refused and made fit to serve as a whole',
    sources: [
      'erasure/discard-restored',
      'erasure/enter-erasure',
      'erasure/erased-account',
      'ledger/continue-log',
      'restore/end-again',
      'restore/ended.rules',
      'restore/ended.store',
      'restore/keep-ended',
      'restore/apply-restore',
      'restore/buckets',
      'restore/examine-restore',
      'restore/require-servable',
      'restore/restore.store',
    ],
  },
  'test/unit/domain/footprint/needles.rules.test.ts': {
    because: 'what is looked for and the look are held against each other',
    sources: ['footprint/counter.rules'],
  },
  'test/integration/domain/recipients/call-recipients.test.ts': {
    because: 'a call is sealed, made and destroyed in one go',
    sources: ['recipients/sealed-call'],
  },
  'test/integration/domain/recipients/register.test.ts': {
    because: 'what may be disclosed follows from the register',
    sources: ['recipients/disclose'],
  },
  'test/integration/domain/footprint/footprint.test.ts': {
    because: 'a scan over real stores',
    sources: ['footprint/database.store', 'footprint/scan-footprint'],
  },
  'test/integration/domain/retention/retention.test.ts': {
    because: 'the timer, its SQL and its dry run, held against one another',
    sources: ['retention/apply-retention', 'retention/preview-retention', 'retention/retention.store'],
  },
  'test/integration/domain/erasure/account-erasure.test.ts': {
    because: 'the deletion of an account is one way from the question to the certificate',
    sources: [
      'accounts/account-owner',
      'erasure/account-certificate.rules',
      'erasure/account-erasure.store',
      'erasure/ask-account-erasure',
      'erasure/carry-out-account-erasures',
      'pages/release-pages',
    ],
  },
  'test/integration/domain/backup/make-backup.test.ts': {
    because: 'an archive is asked for, made, downloaded and deleted in one go',
    sources: [
      'backup/archive-content',
      'backup/download-backup',
      'backup/request-backup',
      'backup/sweep-backups',
      'backup/written',
      'backup/passphrase.rules',
    ],
  },
  'test/integration/domain/backup/import-backup.test.ts': {
    because: 'an archive is read before anything of it comes back',
    sources: ['backup/read-archive'],
  },
  'test/integration/domain/access/read-access.test.ts': {
    because: 'what a person is told is what is read, with a sentence to each part',
    sources: ['access/sections'],
  },
  'test/integration/domain/inbox/events.test.ts': {
    because: 'the effect of an event is what all these steps do in one transaction',
    sources: [
      'inbox/applied-event',
      'inbox/apply-event',
      'inbox/apply-page-event',
      'inbox/apply-receipt',
      'consent/consent-history',
      'consent/record-consent',
      'consent/record-token',
      'leads/find-lead',
      'leads/lead-keys',
      'unsubscribe/carry-out',
    ],
  },
  'test/integration/domain/inbox/inbox-faults.test.ts': {
    because: 'storing, copies, keys that are gone and expiry are the life of one row',
    sources: ['inbox/body', 'inbox/day-keys', 'inbox/expire-inbox', 'inbox/nudge', 'inbox/store-webhook'],
  },
  'test/integration/domain/leads/rotate-bucket.test.ts': {
    because: 'a stale ring and a lost race come about only beside a rotation',
    sources: ['leads/lead-transaction'],
  },
  'test/integration/domain/leads/list-leads.test.ts': {
    because: 'tags are seen through the list',
    sources: ['leads/tags'],
  },
  'test/integration/domain/unsubscribe/unsubscribe-lead.test.ts': {
    because: 'the part that all ways of unsubscribing share',
    sources: ['unsubscribe/withdraw'],
  },
  'test/integration/domain/accounts/accounts.test.ts': {
    because: 'an account, its key and its audit log come to be together',
    sources: ['accounts/account-key', 'accounts/audit', 'accounts/create-account'],
  },
  'test/integration/domain/accounts/api-keys.test.ts': {
    because: 'a key is what authenticates',
    sources: ['accounts/authenticate'],
  },
  'test/integration/domain/pages/connect-page.test.ts': {
    because: 'steps of connecting a Page',
    sources: ['pages/find-page', 'pages/page-setup.rules', 'pages/page-token', 'pages/set-up-page'],
  },
  'test/integration/domain/pages/update-page.test.ts': {
    because: 'what may be changed, and its end',
    sources: ['pages/change-page', 'pages/disconnect-page'],
  },
  'test/integration/domain/broadcasts/drafts.test.ts': {
    because: 'a draft is written, seen and read in one go',
    sources: [
      'broadcasts/broadcast-view',
      'broadcasts/definition',
      'broadcasts/draft-references',
      'broadcasts/read-broadcasts',
      'broadcasts/write-drafts',
    ],
  },
  'test/integration/domain/broadcasts/control.test.ts': {
    because: 'the ways of a broadcast through its states',
    sources: ['broadcasts/control-broadcast', 'broadcasts/launch'],
  },
  'test/integration/domain/broadcasts/sweep-broadcasts.test.ts': {
    because: 'blocking and reopening are told apart by what the sweeps make of them',
    sources: ['broadcasts/block-pages'],
  },
  'test/integration/domain/broadcasts/audience.store.test.ts': {
    because: 'preflight and freeze ask the same question of the same audience',
    sources: ['broadcasts/audience-lookups', 'broadcasts/preflight', 'broadcasts/sql-parameters'],
  },
  'test/integration/domain/broadcasts/delivery-list.test.ts': {
    because: 'a test send is a reply beside the deliveries',
    sources: ['broadcasts/test-broadcast'],
  },
  'test/integration/domain/erasure/erase-lead.test.ts': {
    because: 'an erasure is asked for, carried out and read in one go',
    sources: [
      'erasure/carry-out-erasures',
      'erasure/certificate.rules',
      'erasure/read-erasures',
      'erasure/request-erasure',
      'erasure/tombstone',
      'inbox/forget-unread',
    ],
  },
  'test/integration/domain/delivery/claim-race.test.ts': {
    because: 'a claim and its guard are about what others do at the same time',
    sources: ['delivery/chunk-guard', 'delivery/claim-chunk'],
  },
  'test/integration/domain/delivery/outcomes.test.ts': {
    because: 'what an answer of Meta brings about for message, lead and Page',
    sources: ['delivery/effects'],
  },
  'test/integration/domain/delivery/send-chunk.test.ts': {
    because: 'steps of a claim that show in the rows of a sent chunk',
    sources: ['delivery/log-sends', 'delivery/open-recipient'],
  },
  'test/integration/domain/delivery/replies.test.ts': {
    because: 'a reply is claimed, posted and recorded in one go, and a welcome shows the notice',
    sources: ['delivery/claim-replies', 'delivery/notice-shown', 'delivery/send-replies'],
  },
  'test/unit/domain/delivery/replies.rules.test.ts': {
    because: 'a table of wordings, seen through the replies made from it',
    sources: ['delivery/reply-texts.rules'],
  },
  'test/unit/domain/delivery/receipt.rules.test.ts': {
    because: 'a table of wordings, seen through the receipts made from it',
    sources: ['delivery/receipt-texts.rules'],
  },
  'test/integration/domain/proof/person-bundle.test.ts': {
    because: 'the files of a bundle are seen in the bundle, and checked by the verifier',
    sources: [
      'ledger/anchor/cosigned-note.rules',
      'proof/export-record',
      'proof/manifest.rules',
      'proof/open-people',
      'proof/person-files.rules',
    ],
  },
  'test/integration/domain/proof/audit.test.ts': {
    because: 'an audit is one walk; each step is seen in what it finds',
    sources: [
      'proof/audit-checkpoints',
      'proof/audit-ending',
      'proof/audit-evidence',
      'proof/audit-log',
      'proof/audit-messages',
      'proof/audit-pages.store',
      'proof/audit-system',
      'proof/audit-tiles',
      'proof/audit-tree.rules',
    ],
  },
  'test/integration/domain/ledger/sequence.test.ts': {
    because: 'proofs are made of what the sequencer has written, and the MAC is what it checks',
    sources: ['ledger/keep-leaves', 'ledger/pending-mac.rules', 'ledger/proofs'],
  },
  'test/integration/domain/ledger/anchor/anchor-checkpoints.test.ts': {
    because: 'services, their state and what is read of them come together there',
    sources: ['ledger/anchor/anchor-services', 'ledger/anchor/read-anchors', 'ledger/anchor/stored-anchor.rules'],
  },
  'test/unit/domain/ledger/anchor/timestamp.rules.test.ts': {
    because: 'a time-stamp of our own is judged like any other',
    sources: ['ledger/anchor/self-timestamp.rules'],
  },
  'test/integration/http/person-page.test.ts': {
    because: 'the proof a person is shown is the page',
    sources: ['proof/receipt'],
  },
  'test/integration/domain/delivery/echo-receipts-sweep.test.ts': {
    because: 'what becomes known of a message after it was sent',
    sources: ['delivery/echo', 'delivery/lead-deliveries', 'delivery/receipts', 'delivery/sweep'],
  },
};

/** Tests that stand for several sources at once, and what they show. */
const TESTS_OF_SEVERAL: Readonly<Record<string, string>> = {
  'test/integration/domain/erasure/damaged-rows.test.ts': 'erasures and mails beside rows that nothing opens',
  'test/integration/domain/erasure/under-way-at-the-yes.test.ts':
    'what was begun in an account before its deletion was confirmed, or its subscription cancelled',
  'test/integration/domain/erasure/held-up.test.ts': 'erasures of others, and of the account, while one cannot go on',
  'test/integration/domain/erasure/parked-openings.test.ts':
    'entries that stand by somebody else when that person or account goes',
  'test/integration/domain/erasure/account-webhooks.test.ts':
    'webhooks that nobody could read, in the inbox, and an account that goes',
  'test/integration/domain/erasure/account-erasure.test.ts': 'an account from the question to the certificate',
  'test/integration/domain/erasure/killed-erasures.test.ts': 'both machines, killed at every step',
  'test/integration/domain/erasure/owner-unreadable.test.ts': 'what opens the owner of a deleted account, and how long',
  'test/integration/domain/erasure/erase-by-chat.test.ts': 'a person from the question to the certificate',
  'test/integration/domain/erasure/erase-lead.test.ts': 'a lead from the request to the certificate',
  'test/integration/domain/footprint/footprint.test.ts': 'values looked for in every store',
  'test/integration/domain/proof/long-bodies.test.ts': 'webhooks of very many events, from the inbox to the verifier',
  'test/integration/domain/returns/long-bodies.test.ts':
    'the people of such a webhook, erased and back from an archive',
  'test/unit/tools/assent-verify-runs.test.ts': 'what the verifier makes of such a webhook',
  'test/integration/domain/restore/restore.test.ts': 'a backup put back, from the refusal to the service',
  'test/integration/domain/returns/changed-proofs.test.ts':
    'archives changed by hand, cut off, or imported twice at once',
  'test/integration/domain/retention/retention.test.ts': 'what goes by age',
  'test/integration/domain/accounts/accounts.test.ts': 'the life of an account',
  'test/integration/domain/broadcasts/control.test.ts': 'launch, pause, resume and cancel',
  'test/integration/domain/broadcasts/drafts.test.ts': 'writing and reading drafts',
  'test/integration/domain/delivery/claim-race.test.ts': 'claims beside unsubscribes, cancels and rotations',
  'test/integration/domain/delivery/echo-receipts-sweep.test.ts': 'what is learnt after the send',
  'test/integration/domain/delivery/outcomes.test.ts': 'each answer of Meta',
  'test/integration/domain/delivery/replies.test.ts': 'replies from their cause to what Meta says',
  'test/integration/domain/inbox/events.test.ts': 'the effect of each kind of event',
  'test/integration/domain/inbox/inbox-faults.test.ts': 'what happens to a body when something fails',
  'test/integration/http/api.test.ts': 'the routes as callers meet them',
  'test/integration/http/person-page.test.ts': 'the page of one person',
  'test/integration/http/problems.test.ts': 'each problem body',
  'test/integration/http/progress.test.ts': 'the stream of progress',
  'test/integration/http/run-once.test.ts': 'keys of repeated calls over a real database',
  'test/integration/http/webhook.test.ts': 'the webhook over a real connection',
  'test/unit/http/operations.test.ts': 'health, readiness and metrics',
  'test/unit/workers/processors/processors.test.ts': 'what each processor makes of its use case',
  'test/integration/domain/proof/erased-meanwhile.test.ts': 'exports under way and who is erased in between',
  'test/integration/domain/proof/attempts.test.ts': 'attempts and tests in every kind of bundle',
  'test/integration/domain/proof/audit-hidden.test.ts': 'ways to hide a person from an audit by rows alone',
  'test/integration/domain/proof/audit-columns.test.ts': 'odd values in every column that is audited',
  'test/integration/tools/assent-verify-earlier.test.ts': 'bundles of the server compared with one another',
  'test/unit/tools/assent-verify-content.test.ts': 'what an act must say to be one',
  'test/unit/tools/assent-verify-earlier.test.ts': 'bundles compared with one another',
  'test/unit/tools/assent-verify-keys.test.ts': 'which keys are taken from a bundle of a log whose key was replaced',
  'test/unit/tools/assent-verify-attacks.test.ts': 'logs and bundles that cheat within the rules of the format',
  'test/unit/tools/assent-verify-many.test.ts': 'bundles about many people, and what strangers leave in a bundle',
  'test/unit/tools/assent-verify-costly.test.ts': 'what would cost a verifier time or memory without end',
  'test/unit/tools/assent-verify-effort.test.ts': 'how much a verifier does at most for what a bundle holds',
  'test/unit/tools/assent-verify-permission.test.ts': "what Messenger's own permission rests on",
  'test/unit/tools/assent-verify-hostile.test.ts': 'bundles that are made to do harm',
  'test/unit/tools/assent-verify-calls.test.ts': 'what a verifier says to whoever calls it in a wrong way',
  'test/unit/tools/assent-verify-stamps.test.ts': 'which time-stamps and cosignatures a verifier counts',
  'test/unit/tools/verify-by-hand-hostile.test.ts':
    'folders that are made to mislead or to hold up whoever checks by hand',
  'test/integration/platform/keyring.test.ts': 'key files, registry and several processes',
};

const filesBelow = (folder: string): string[] =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(folder, file));

const withoutCode = /(\.types|\.errors|\.entity|\/index)\.ts$/;
const sources = filesBelow('src/domain').filter((file) => !withoutCode.test(file));
const tests = [...filesBelow('test/unit'), ...filesBelow('test/integration')].filter((file) =>
  file.endsWith('.test.ts'),
);

const mirrorsOf = (source: string): string[] =>
  ['unit', 'integration'].map((kind) => source.replace(/^src/, `test/${kind}`).replace(/\.ts$/, '.test.ts'));
const isMirrored = (source: string): boolean => mirrorsOf(source).some((test) => existsSync(path.join(ROOT, test)));

const within = new Map(
  Object.entries(TESTED_WITHIN).flatMap(([test, { sources: names }]) =>
    names.map((name): readonly [string, string] => [`src/domain/${name}.ts`, test]),
  ),
);

/** The files of ours that a file imports or exports from. */
function importsOf(file: string): string[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  const specifiers = [...text.matchAll(/from '(\.[^']+)'/g)].map(([, specifier]) => specifier ?? '');
  return specifiers.flatMap((specifier) => {
    const target = path.join(path.dirname(file), specifier);
    return [`${target}.ts`, path.join(target, 'index.ts')].filter((found) => existsSync(path.join(ROOT, found)));
  });
}

function reachedFrom(test: string): Set<string> {
  const reached = new Set([test]);
  for (const file of reached) for (const next of importsOf(file)) reached.add(next);
  return reached;
}

/** SQL is tested by running the use cases that use it: one of them has to be tested. */
function isTestedStore(source: string): boolean {
  if (!source.endsWith('.store.ts')) return false;
  const users = sources.filter((file) => file !== source && importsOf(file).includes(source));
  return users.some((file) => isMirrored(file) || within.has(file) || isTestedStore(file));
}

const sourcesOf = (test: string): string[] => {
  const name = test.replace(/^test\/(unit|integration)\//, '').replace(/\.test\.ts$/, '');
  return [`src/${name}.ts`, `${name}.ts`, `${name}.mjs`, `${name}.sh`, `test/${name}.ts`];
};

describe('the layout of tests', () => {
  it('finds sources and tests', () => {
    expect(sources.length).toBeGreaterThan(100);
    expect(tests.length).toBeGreaterThan(50);
  });

  it('has a test for every rule, store and use case of the domain', () => {
    expect(sources.filter((file) => !isMirrored(file) && !within.has(file) && !isTestedStore(file))).toEqual([]);
  });

  it('mirrors a source by every test', () => {
    const stray = tests.filter((test) => !sourcesOf(test).some((source) => existsSync(path.join(ROOT, source))));
    expect(stray.filter((test) => !(test in TESTS_OF_SEVERAL))).toEqual([]);
    expect(Object.keys(TESTS_OF_SEVERAL).filter((test) => !stray.includes(test))).toEqual([]);
  });

  it('excepts no source that is gone', () => {
    expect([...within.keys()].filter((source) => !sources.includes(source))).toEqual([]);
  });

  it.each(Object.keys(TESTED_WITHIN))('%s reaches what it stands for', (test) => {
    expect(existsSync(path.join(ROOT, test))).toBe(true);
    const reached = reachedFrom(test);
    const missed = [...within].filter(([source, by]) => by === test && !reached.has(source)).map(([source]) => source);
    expect(missed).toEqual([]);
  });
});
