import type { Store } from './data-map.types';
import { rowNumbers, table, UNTIL_ERASED } from './table.rules';

/** Tables with a row for each person, or for what one person did or got. */
export const PEOPLE_STORES: readonly Store[] = [
  table('lead', 'A person of one Page.', UNTIL_ERASED, [
    rowNumbers('id account_id page_id tag_ids'),
    {
      fields: 'public_id subject_ref',
      about: 'person',
      class: 'identifier',
      form: 'random',
      purpose:
        'Names the person in the API, and in their own entries of the log. Made for this; Messenger does not know it.',
    },
    {
      fields: 'status opted_in_at explicit_act_at withdrawn_at notice_shown_at notice_version restricted_at',
      about: 'person',
      class: 'content',
      form: 'plain',
      purpose:
        'Whether bulk may be sent, decided in one query over all recipients: it cannot be ciphertext and be searched.',
    },
    {
      fields: 'last_inbound_at last_ad_message_at unreachable_at failed_in_a_row',
      about: 'person',
      class: 'content',
      form: 'plain',
      purpose: "Messenger's window of 24 hours, and whether messages arrive: decided in the same query.",
    },
    {
      fields: 'locale time_zone',
      about: 'person',
      class: 'content',
      form: 'plain',
      purpose: 'Language of answers and time of sending. Empty unless Meta told them.',
    },
    {
      fields: 'chain_n chain_head consent_entry consent_commitment consent_n withdrawal_commitment',
      about: 'person',
      class: 'technical',
      form: 'hash',
      purpose: "The end of the person's chain in the log, and the entry that permits messages.",
    },
    {
      fields: 'marketing_token_state marketing_token_at marketing_token_expires_at',
      about: 'person',
      class: 'content',
      form: 'plain',
      purpose: "Whether Meta's own permission for offers stands.",
    },
    {
      fields: 'marketing_token_ct',
      about: 'person',
      class: 'identifier',
      form: 'ciphertext under the key of the person',
      purpose: 'The token of that permission.',
    },
    {
      fields: 'ref_index web_token_sha256',
      about: 'person',
      class: 'identifier',
      form: 'keyed hash',
      purpose: 'By which link the person came, for audiences; and the address of their own page.',
    },
    {
      fields: 'created_at returned_at',
      about: 'person',
      class: 'content',
      form: 'plain',
      purpose:
        'When the person first wrote: lists show the newest first. When they came back from the archive of an account that was deleted.',
    },
  ]),
  table(
    'ended',
    'Who unsubscribed, and which API keys were revoked.',
    'Seconds, until it is kept beside the key ring.',
    [rowNumbers('id lead_id chain_n api_key_id')],
  ),
  table('lead_key', 'The key of one person, and what names them.', UNTIL_ERASED, [
    rowNumbers('lead_id page_id key_version'),
    {
      fields: 'bucket',
      about: 'person',
      class: 'technical',
      form: 'keyed hash',
      purpose:
        'Which of 1,024 groups of keys of the Page the person is in. It follows from the page-scoped id under a key of the Page.',
    },
    {
      fields: 'psid_ct',
      about: 'person',
      class: 'identifier',
      form: 'ciphertext under the key of the person',
      purpose: 'The page-scoped id, which a message must name. It is the only thing that names a person.',
    },
    {
      fields: 'psid_index',
      about: 'person',
      class: 'identifier',
      form: 'keyed hash',
      purpose: 'Finds the person of a webhook without their id lying there in clear.',
    },
    {
      fields: 'dek_wrapped',
      about: 'person',
      class: 'technical',
      form: 'key, wrapped under another key',
      purpose: 'The key of the person, under a key that lies outside of the database and is destroyed with them.',
    },
  ]),
  table(
    'ledger_opening',
    'What an entry of the log says.',
    'Of a person: until they are erased. Of nobody: until the account is deleted, or for ever.',
    [
      rowNumbers('lead_id account_id'),
      {
        fields: 'entry_id',
        about: 'person',
        class: 'identifier',
        form: 'random',
        purpose: 'Names the entry.',
      },
      {
        fields: 'opening_ct',
        about: 'person',
        class: 'content',
        form: 'ciphertext under the key of the person',
        purpose: 'What somebody agreed to or took back, how and when: the proof.',
      },
      {
        fields: 'opening',
        about: 'nobody',
        class: 'technical',
        form: 'plain',
        purpose: 'Entries about nobody: wordings, settings, chunks of messages, keys, erasures.',
      },
      {
        fields: 'owner_mac',
        about: 'person',
        class: 'technical',
        form: 'keyed hash',
        purpose: 'Shows whose entry it is, so that its place in the log is closed with them and with nobody else.',
      },
    ],
  ),
  table('evidence_segment', 'Signed webhooks that entries rest on, in pieces.', UNTIL_ERASED, [
    rowNumbers('delivery_id position kind lead_id'),
    {
      fields: 'bytes',
      about: 'person',
      class: 'content',
      form: 'ciphertext under the key of the person',
      purpose:
        "The event as Meta signed it, with the words by which somebody agreed or left. What lies between events is plain and holds nobody's words.",
    },
  ]),
  table(
    'delivery',
    'One recipient of a broadcast.',
    'What ties it to the person: until they are erased. The row, as a count: until the account is deleted.',
    [
      rowNumbers('broadcast_id seq page_id lead_id'),
      {
        fields: 'public_id consent_entry sends_entry',
        about: 'person',
        class: 'identifier',
        form: 'random',
        purpose: 'Names the message, what permits it, and the entry that authorised it.',
      },
      {
        fields:
          'status reason path basis notice_version rule_version attempt transient_failures untold_attempts sends_position subject_n error_code error_subcode',
        about: 'person',
        class: 'content',
        form: 'plain',
        purpose: 'What became of the message, and by which rule.',
      },
      {
        fields: 'due_at claimed_at post_started_at settled_at delivered_at read_at clicked_at unsubscribed_at',
        about: 'person',
        class: 'content',
        form: 'plain',
        purpose: 'When: to send each once, and to count what arrived.',
      },
      {
        fields: 'mid_ct',
        about: 'person',
        class: 'identifier',
        form: 'ciphertext under the key of the person',
        purpose: "Meta's name of the message, to understand its echo.",
      },
    ],
  ),
  table(
    'logged_send',
    'Earlier attempts of messages, and tests.',
    'What ties it to the person: until they are erased. The row: until the account is deleted.',
    [
      rowNumbers('broadcast_id page_id lead_id'),
      {
        fields: 'message_id broadcast_uuid consent_entry sends_entry',
        about: 'person',
        class: 'identifier',
        form: 'random',
        purpose: 'Names the message, what permits it, and the entry that authorised it.',
      },
      {
        fields: 'attempt is_test path subject_n sends_position claimed_at',
        about: 'person',
        class: 'content',
        form: 'plain',
        purpose: 'From it the proof of the attempt is made.',
      },
    ],
  ),
  table('reply', 'An automatic answer to a person.', UNTIL_ERASED, [
    rowNumbers('id page_id lead_id broadcast_id'),
    {
      fields: 'public_id cause',
      about: 'person',
      class: 'identifier',
      form: 'random',
      purpose: 'Names the answer and what it answers, so that it is given once.',
    },
    {
      fields:
        'kind language status reason attempt transient_failures notice_version error_code error_subcode due_at claimed_at post_started_at settled_at created_at',
      about: 'person',
      class: 'content',
      form: 'plain',
      purpose: 'Which answer, when, and what became of it. Its words are made when it is sent.',
    },
    {
      fields: 'mid_ct',
      about: 'person',
      class: 'identifier',
      form: 'ciphertext under the key of the person',
      purpose: "Meta's name of the message, to understand its echo.",
    },
  ]),
];
