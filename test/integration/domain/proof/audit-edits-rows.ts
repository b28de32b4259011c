import {
  flip,
  ANN,
  BOB,
  CYD,
  edit,
  entryOf,
  lastOf,
  leafOf,
  ofKind,
  sendsLeaf,
  againLeaf,
  TESTS,
  testsLeaf,
  type Edit,
} from './audit-edit';

const NOTICE_ENTRY = ofKind('notice');
const PEOPLE: readonly Edit[] = [
  edit('a status', 'lead_status', lastOf(BOB), `update lead set status = 'unsubscribed' where id = ${BOB}`),
  edit('a status set back', 'lead_status', lastOf(ANN), `update lead set status = 'reply_only' where id = ${ANN}`),
  edit('a consent', 'lead_consent', lastOf(ANN), `update lead set consent_entry = gen_random_uuid() where id = ${ANN}`),
  edit('a consent taken away', 'lead_consent', lastOf(BOB), `update lead set consent_entry = null where id = ${BOB}`),
  edit(
    'the commitment of a consent',
    'lead_consent',
    lastOf(ANN),
    `update lead set consent_commitment = ${flip('consent_commitment')} where id = ${ANN}`,
  ),
  edit(
    'the number of a consent',
    'lead_consent',
    lastOf(ANN),
    `update lead set consent_n = consent_n + 1 where id = ${ANN}`,
  ),
  edit(
    'the time of an opt-in',
    'lead_consent',
    lastOf(BOB),
    `update lead set opted_in_at = opted_in_at - interval '1 day' where id = ${BOB}`,
  ),
  edit('the length of a chain', 'lead_chain', null, `update lead set chain_n = chain_n - 1 where id = ${ANN}`),
  edit(
    'the end of a chain',
    'lead_chain',
    null,
    `update lead set chain_head = ${flip('chain_head')} where id = ${ANN}`,
  ),
  edit(
    'a subject',
    'chain_subject',
    leafOf(entryOf(ANN, 1)),
    `update lead set subject_ref = ${flip('subject_ref')} where id = ${ANN}`,
  ),
  edit(
    'a subject emptied',
    'chain_subject',
    leafOf(entryOf(ANN, 1)),
    `update lead set subject_ref = '' where id = ${ANN}`,
  ),
  edit(
    'a withdrawal',
    'lead_withdrawal',
    lastOf(ANN),
    `update lead set withdrawal_commitment = null where id = ${ANN}`,
  ),
  edit(
    'another withdrawal',
    'lead_withdrawal',
    lastOf(ANN),
    `update lead set withdrawal_commitment = ${flip('withdrawal_commitment')} where id = ${ANN}`,
  ),
  edit("Meta's permission", 'lead_token', null, `update lead set marketing_token_state = 'resumed' where id = ${CYD}`),
  edit('the account of a person', 'lead_key', null, `update lead set account_id = account_id + 1 where id = ${ANN}`),
  edit('the Page of a person', 'lead_key', null, `update lead set page_id = page_id + 1 where id = ${ANN}`),
  edit(
    'a key',
    'opening_unreadable',
    leafOf(entryOf(ANN, 1)),
    `update lead_key set dek_wrapped = ${flip('dek_wrapped')} where lead_id = ${ANN}`,
  ),
  edit(
    'the version of a key',
    'opening_unreadable',
    leafOf(entryOf(ANN, 1)),
    `update lead_key set key_version = 77 where lead_id = ${ANN}`,
  ),
  edit(
    'the bucket of a key',
    'opening_unreadable',
    leafOf(entryOf(ANN, 1)),
    `update lead_key set bucket = (bucket + 1) % 1024 where lead_id = ${ANN}`,
  ),
  edit('a key deleted', 'opening_unreadable', leafOf(entryOf(ANN, 1)), `delete from lead_key where lead_id = ${ANN}`),
  edit('a person deleted', 'opening_unowned', leafOf(entryOf(ANN, 1)), `delete from lead where id = ${ANN}`),
  edit(
    'a person and all that is theirs deleted',
    'opening_missing',
    leafOf(entryOf(ANN, 1)),
    `delete from ledger_opening where lead_id = ${ANN}`,
    `delete from lead_key where lead_id = ${ANN}`,
    `delete from lead where id = ${ANN}`,
  ),
  edit(
    'a person invented',
    'chain_empty',
    null,
    `insert into lead (public_id, account_id, page_id, status, subject_ref, web_token_sha256, created_at)
      select gen_random_uuid(), account_id, page_id, 'subscribed', sha256('s'), sha256('w'), now() from lead where id = ${ANN}`,
  ),
  edit(
    'the Page of all',
    'chain_subject',
    leafOf(entryOf(ANN, 1)),
    `update page set meta_page_id = '1' || meta_page_id`,
  ),
  edit(
    'the webhook of an opt-in',
    'evidence_missing',
    leafOf(entryOf(ANN, 1)),
    `update evidence_segment set bytes = ${flip('bytes', 25)} where kind = 'e'`,
  ),
  edit('a webhook deleted', 'evidence_missing', leafOf(entryOf(ANN, 1)), `delete from evidence_segment`),
  edit(
    'the envelope of a webhook',
    'evidence_changed',
    leafOf(entryOf(ANN, 1)),
    `update evidence_segment set bytes = ${flip('bytes')} where kind = 'p'`,
  ),
];

const ann = `where lead_id = ${ANN}`;
const message = (name: string, set: string): Edit =>
  edit(name, 'message_changed', againLeaf, `update delivery set ${set} ${ann}`);

const MESSAGES: readonly Edit[] = [
  message('the place of a message', 'sends_position = 1 - sends_position'),
  message('the place of a message, beyond the chunk', 'sends_position = 77'),
  message('the place of a message taken away', 'sends_position = null'),
  edit('the attempt of a message', 'messages_miscounted', sendsLeaf, `update delivery set attempt = 3 ${ann}`),
  edit('the attempt of a message undone', 'messages_miscounted', sendsLeaf, `update delivery set attempt = 0 ${ann}`),
  message('the path of a message', `path = 'utility'`),
  message('the time of a message', `claimed_at = claimed_at - interval '1 second'`),
  message('the time of a message, by a hair', `claimed_at = claimed_at + interval '1 microsecond'`),
  message('the time of a message taken away', 'claimed_at = null'),
  message('a time of a message that is none', `claimed_at = '-infinity'`),
  message('the consent of a message', 'consent_entry = gen_random_uuid()'),
  message('the consent of a message taken away', 'consent_entry = null'),
  message('the chain a message counts', 'subject_n = subject_n + 1'),
  message('the chain a message counts, as none', 'subject_n = 0'),
  message('the id of a message', 'public_id = gen_random_uuid()'),
  edit(
    'the broadcast of a message',
    'messages_miscounted',
    sendsLeaf,
    `update delivery set broadcast_id = broadcast_id + 1 ${ann}`,
  ),
  message('the Page of a message', 'page_id = page_id + 1'),
  edit('a message given to somebody else', 'message_changed', againLeaf, `update delivery set lead_id = ${CYD} ${ann}`),
  edit('a message given to nobody', 'message_unowned', againLeaf, `update delivery set lead_id = null ${ann}`),
  edit('the entry of a message', 'message_changed', null, `update delivery set sends_entry = gen_random_uuid() ${ann}`),
  edit('the entry of a message taken away', 'message_unlogged', null, `update delivery set sends_entry = null ${ann}`),
  edit('a message deleted', 'messages_miscounted', sendsLeaf, `delete from delivery ${ann}`),
  edit(
    'a message passed off as never tried',
    'messages_miscounted',
    sendsLeaf,
    `update delivery set sends_entry = null, attempt = 0, status = 'pending' ${ann}`,
  ),
  edit('the id of a broadcast', 'sends_changed', sendsLeaf, `update broadcast set public_id = gen_random_uuid()`),
];

const RETRIED = 'not is_test and sends_position = 0';
const TESTED = 'is_test and sends_position = 0';
const AS_TESTS = [
  `update logged_send set is_test = true`,
  `insert into logged_send select d.public_id, d.attempt, true, d.broadcast_id, b.public_id, d.page_id, d.lead_id, d.path,
     d.consent_entry, d.subject_n, d.claimed_at, d.sends_entry, d.sends_position
    from delivery d join broadcast b on b.id = d.broadcast_id`,
  `delete from delivery`,
];
const ATTEMPTS: readonly Edit[] = [
  edit('an earlier attempt deleted', 'attempt_missing', sendsLeaf, `delete from logged_send where ${RETRIED}`),
  edit(
    'an earlier attempt deleted, and called untold',
    'attempt_missing',
    sendsLeaf,
    `update delivery set untold_attempts = 1 where public_id = (select message_id from logged_send where ${RETRIED})`,
    `delete from logged_send where ${RETRIED}`,
  ),
  edit('messages passed off as tests, with counts that fit', 'message_changed', sendsLeaf, ...AS_TESTS),
  edit(
    'messages passed off as tests of a broadcast that is gone',
    'sends_changed',
    sendsLeaf,
    ...AS_TESTS,
    'delete from broadcast',
  ),
  edit(
    'messages passed off as tests of other content',
    'sends_changed',
    sendsLeaf,
    ...AS_TESTS,
    `update broadcast set content_sha256 = sha256('x')`,
  ),
  edit(
    'the time of an earlier attempt',
    'message_changed',
    sendsLeaf,
    `update logged_send set claimed_at = now() where ${RETRIED}`,
  ),
  edit(
    'an earlier attempt passed off as a test',
    'messages_miscounted',
    sendsLeaf,
    `update logged_send set is_test = true where ${RETRIED}`,
  ),
  edit('a test deleted', 'messages_miscounted', sendsLeaf, `delete from logged_send where ${TESTED}`),
  edit(
    'a test passed off as an attempt',
    'messages_miscounted',
    sendsLeaf,
    `update logged_send set is_test = false where ${TESTED}`,
  ),
  edit(
    'the broadcast of a test',
    'sends_changed',
    testsLeaf,
    `update logged_send set broadcast_uuid = gen_random_uuid() where is_test`,
  ),
  edit(
    'tests of another broadcast that is stored',
    'sends_changed',
    testsLeaf,
    `create temp table another on commit drop as select * from broadcast limit 1`,
    `update another set id = 900000, public_id = gen_random_uuid()`,
    `insert into broadcast overriding system value table another`,
    `update ledger_sends set broadcast_id = 900000 where entry_id = ${TESTS}`,
    `update logged_send set broadcast_id = 900000 where is_test`,
  ),
  edit('a test given to nobody', 'message_unowned', testsLeaf, `update logged_send set lead_id = null where ${TESTED}`),
  edit(
    'the consent of a test',
    'message_changed',
    testsLeaf,
    `update logged_send set consent_entry = gen_random_uuid() where ${TESTED}`,
  ),
];

const WORDINGS: readonly Edit[] = [
  edit('a wording', 'notice_changed', null, `update notice set body = body || '!'`),
  edit('the hash of a wording', 'notice_missing', leafOf(NOTICE_ENTRY), `update notice set sha256 = sha256('x')`),
  edit(
    'a wording with its hash',
    'notice_missing',
    leafOf(NOTICE_ENTRY),
    `update notice set body = 'x', sha256 = sha256('x')`,
  ),
  edit('a wording deleted', 'notice_missing', leafOf(NOTICE_ENTRY), `delete from notice`),
];

/** Edits of rows that the log must agree with. */
export const ROW_EDITS: readonly Edit[] = [...PEOPLE, ...MESSAGES, ...ATTEMPTS, ...WORDINGS];
