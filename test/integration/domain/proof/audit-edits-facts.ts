import { flip, ANN, BOB, CYD, edit, entryOf, lastOf, leafOf, ofKind, SENDS, sendsLeaf, type Edit } from './audit-edit';

const FAR = `'2099-01-01'`;
const LAST = `(select max(size) from ledger_checkpoint)`;
const FIRST = `(select min(size) from ledger_checkpoint)`;
const setLead = (lead: string, set: string): string => `update lead set ${set} where id = ${lead}`;
const setKey = (lead: string, set: string): string => `update lead_key set ${set} where lead_id = ${lead}`;
/** Of a person whose last entry has its leaf, and of one whose last entry waits. */
const annRow = (name: string, what: string, set: string): Edit => edit(name, what, lastOf(ANN), setLead(ANN, set));
const bobRow = (name: string, what: string, set: string): Edit => edit(name, what, lastOf(BOB), setLead(BOB, set));
const cydRow = (name: string, what: string, set: string): Edit => edit(name, what, null, setLead(CYD, set));

const MOMENTS: readonly Edit[] = [
  annRow('the last act of consent, to come', 'lead_explicit_act', `explicit_act_at = ${FAR}`),
  annRow('the last act of consent, never to come', 'lead_explicit_act', `explicit_act_at = 'infinity'`),
  annRow(
    'the last act of consent, earlier',
    'lead_explicit_act',
    `explicit_act_at = explicit_act_at - interval '1 ms'`,
  ),
  annRow('the last act of consent taken away', 'lead_explicit_act', `explicit_act_at = null`),
  bobRow('an act of consent, to come, of one who never had any', 'lead_explicit_act', `explicit_act_at = ${FAR}`),
  cydRow(
    'an act of consent after the person left',
    'lead_explicit_act',
    `explicit_act_at = withdrawn_at + interval '1 ms'`,
  ),
  annRow('the time of a withdrawal', 'lead_withdrawal', `withdrawn_at = withdrawn_at - interval '1 ms'`),
  annRow('a withdrawal after the return', 'lead_withdrawal', `withdrawn_at = explicit_act_at`),
  annRow('the time of a withdrawal taken away', 'lead_withdrawal', `withdrawn_at = null`),
  bobRow('a withdrawal of one who never left', 'lead_withdrawal', `withdrawn_at = opted_in_at`),
  cydRow('a withdrawal out of reach of every return', 'lead_withdrawal', `withdrawn_at = ${FAR}`),
  annRow('the time of an opt-in, by a hair', 'lead_consent', `opted_in_at = opted_in_at + interval '1 microsecond'`),
  bobRow('a notice taken away', 'lead_notice', `notice_shown_at = null`),
  bobRow('a time of a notice that is none', 'lead_notice', `notice_shown_at = 'infinity'`),
  bobRow('the version of a notice', 'lead_notice', `notice_version = 2`),
  cydRow('a notice that nobody was shown', 'lead_notice', `notice_shown_at = now(), notice_version = 1`),
];

const KEYS: readonly Edit[] = [
  cydRow("when Meta's permission ends", 'lead_token', `marketing_token_expires_at = ${FAR}`),
  cydRow("the time of Meta's permission", 'lead_token', `marketing_token_at = marketing_token_at - interval '1 ms'`),
  cydRow("the time of Meta's permission taken away", 'lead_token', `marketing_token_at = null`),
  cydRow("Meta's key", 'lead_token', `marketing_token_ct = ${flip('marketing_token_ct', 20)}`),
  cydRow("Meta's key taken away", 'lead_token', `marketing_token_ct = null`),
  bobRow("Meta's permission of one who has none", 'lead_token', `marketing_token_expires_at = ${FAR}`),
  annRow('the address of an unsubscribe page', 'lead_web_token', `web_token_sha256 = sha256('x')`),
  edit(
    'the public id of a person',
    'opening_owner',
    leafOf(entryOf(ANN, 1)),
    `update lead set public_id = gen_random_uuid() where id = ${ANN}`,
  ),
  edit('the sealed id of a person', 'lead_psid', lastOf(ANN), setKey(ANN, `psid_ct = ${flip('psid_ct', 20)}`)),
  edit('the sealed id of a person emptied', 'lead_psid', lastOf(ANN), setKey(ANN, `psid_ct = ''`)),
  edit('the index of a person', 'lead_psid', lastOf(BOB), setKey(BOB, `psid_index = ${flip('psid_index')}`)),
  edit('the version of a bucket', 'lead_key', null, `update key_bucket set key_version = key_version + 1`),
  edit('the buckets deleted', 'lead_key', null, `delete from key_bucket`),
];

const NONE = '(-9223372036854775807 - 1)';
/** Numbers are generated always, so a row gets another one by being put in again. */
const renumber = (table: string, set: string): string[] => [
  `create temporary table moved on commit drop as table ${table}`,
  `update moved set ${set} where id = (select min(id) from ${table})`,
  `delete from ${table}`,
  `insert into ${table} overriding system value table moved`,
];
const NUMBERS: readonly Edit[] = [
  edit(
    'a person put before all others, with all that is theirs',
    'row_misnumbered',
    null,
    ...['lead_key', 'ledger_opening', 'delivery', 'evidence_segment'].map(
      (table) => `update ${table} set lead_id = ${NONE} where lead_id = ${ANN}`,
    ),
    ...renumber('lead', `id = ${NONE}, status = 'unsubscribed'`),
  ),
  edit('a Page put before all others', 'row_misnumbered', null, ...renumber('page', `id = ${NONE}`)),
];

const NOTICE_LEAF = leafOf(ofKind('notice'));
const addNotice = (page: string): string =>
  `insert into notice select ${page}, 2, language, surface, body, sha256, created_at from notice`;
const PAGES: readonly Edit[] = [
  edit('the mode of a Page', 'page_settings', null, `update page set opt_in_mode = 'conversation_start'`),
  edit('the basis of a Page', 'page_settings', null, `update page set basis = 'consent'`),
  edit('the wording in force', 'page_notice', NOTICE_LEAF, `update page set notice_version = 0`),
  edit('a Page deleted', 'page_missing', null, `delete from page`),
  edit('the account of a Page', 'page_unlogged', null, `update page set account_id = account_id + 1`),
  edit(
    'a Page invented',
    'page_unlogged',
    null,
    `insert into page (public_id, account_id, meta_page_id, name, state, opt_in_mode, basis, addresses_eea,
       rate_per_second, time_zone, created_at, updated_at)
     select gen_random_uuid(), account_id, '77', 'x', 'active', 'explicit', 'consent', false, 1, 'UTC', now(), now() from page`,
  ),
  edit('the version of a wording', 'notice_missing', NOTICE_LEAF, `update notice set version = 2`),
  edit('the language of a wording', 'notice_missing', NOTICE_LEAF, `update notice set language = 'de'`),
  edit('the surface of a wording', 'notice_missing', NOTICE_LEAF, `update notice set surface = 'x'`),
  edit('a wording added', 'notice_unlogged', NOTICE_LEAF, addNotice('page_id')),
  edit('a wording of no Page added', 'notice_unlogged', null, addNotice('page_id + 1')),
  edit(
    'the account of settings',
    'page_missing',
    300,
    `update ledger_opening set account_id = account_id + 1
      where entry_id = (select entry_id from ledger_leaf where leaf_index = 300)`,
  ),
  edit(
    'the account of a chunk',
    'opening_owner',
    sendsLeaf,
    `update ledger_opening set account_id = account_id + 1 where entry_id = ${SENDS}`,
  ),
  edit('the account of a broadcast', 'opening_owner', sendsLeaf, `update broadcast set account_id = account_id + 1`),
  edit('the content of a broadcast', 'sends_changed', sendsLeaf, `update broadcast set content_sha256 = sha256('x')`),
];

const SECRET = ofKind('secret_commit');
const ofSecret = `where entry_id = ${SECRET}`;
const ANNOUNCED: readonly Edit[] = [
  edit('the announcements deleted', 'announced_missing', leafOf(ofKind('log_key')), `delete from ledger_announced`),
  edit('an announcement deleted', 'announced_missing', leafOf(SECRET), `delete from ledger_announced ${ofSecret}`),
  edit(
    'what was announced',
    'announced_changed',
    null,
    `update ledger_announced set fact_sha256 = sha256('x') ${ofSecret}`,
  ),
  edit(
    'what was announced, emptied',
    'announced_changed',
    null,
    `update ledger_announced set fact_sha256 = '' ${ofSecret}`,
  ),
  edit(
    'the entry of an announcement',
    'announced_missing',
    leafOf(SECRET),
    `update ledger_announced set entry_id = ${ofKind('settings')} ${ofSecret}`,
  ),
  edit(
    'an announcement that its entry does not make',
    'announced_changed',
    null,
    `insert into ledger_announced values (sha256('x'), ${ofKind('settings')})`,
  ),
  edit(
    'the account of an announcement',
    'opening_owner',
    leafOf(SECRET),
    `update ledger_opening set account_id = 1 ${ofSecret}`,
  ),
];

const TIMES: readonly Edit[] = [
  edit(
    'a checkpoint older than what it holds',
    'checkpoint_time',
    `${FIRST} - 1`,
    `update ledger_checkpoint set signed_at = signed_at - interval '6 minutes' where size = ${FIRST}`,
  ),
  edit(
    'a checkpoint of a time to come',
    'checkpoint_time',
    `${LAST} - 1`,
    `update ledger_checkpoint set signed_at = ${FAR} where size = ${LAST}`,
  ),
];

const firstLeaf = leafOf(entryOf(ANN, 1));
const firstBody = `delivery_id = (select delivery_id from evidence_segment where lead_id = ${BOB})`;
const EVIDENCE: readonly Edit[] = [
  edit('every envelope deleted', 'evidence_missing', firstLeaf, `delete from evidence_segment where kind = 'p'`),
  edit(
    'the beginnings of envelopes deleted',
    'evidence_missing',
    firstLeaf,
    `delete from evidence_segment where position = 0`,
  ),
  edit(
    'a comma deleted',
    'evidence_missing',
    firstLeaf,
    `delete from evidence_segment where position = 2 and ${firstBody}`,
  ),
  edit(
    'the envelope of one webhook deleted',
    'evidence_missing',
    firstLeaf,
    `delete from evidence_segment where kind = 'p' and ${firstBody}`,
  ),
  edit(
    'a piece of an envelope added',
    'evidence_changed',
    firstLeaf,
    `insert into evidence_segment select delivery_id, 77, 'p', null, bytes from evidence_segment where position = 0 and ${firstBody}`,
  ),
  edit(
    'a webhook of a person added',
    'evidence_extra',
    null,
    `insert into evidence_segment select gen_random_uuid(), 1, 'e', lead_id, bytes from evidence_segment where lead_id = ${BOB}`,
  ),
  edit(
    'a piece of a webhook of nobody',
    'evidence_extra',
    null,
    `insert into evidence_segment (delivery_id, position, kind, lead_id, bytes) values (gen_random_uuid(), 0, 'p', null, 'x')`,
  ),
  edit(
    'an event of a person who is not stored',
    'evidence_extra',
    null,
    `insert into evidence_segment (delivery_id, position, kind, lead_id, bytes) values (gen_random_uuid(), 0, 'e', 999999, 'x')`,
  ),
  edit(
    'a key of a person who is not stored',
    'lead_key',
    null,
    `insert into lead_key select 999999, page_id, bucket, key_version, sha256('x'), dek_wrapped, psid_ct from lead_key limit 1`,
  ),
  edit(
    'a webhook given to somebody else',
    'evidence_missing',
    leafOf(entryOf(BOB, 1)),
    `update evidence_segment set lead_id = ${ANN} where lead_id = ${BOB}`,
  ),
];

/** Edits of what follows from entries and keys, and of what entries list. */
export const FACT_EDITS: readonly Edit[] = [
  ...MOMENTS,
  ...KEYS,
  ...NUMBERS,
  ...PAGES,
  ...ANNOUNCED,
  ...TIMES,
  ...EVIDENCE,
];
