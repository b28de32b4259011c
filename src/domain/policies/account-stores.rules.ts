import type { FieldGroup, Store } from './data-map.types';
import { SECURITY_LOG, table, technical, UNTIL_ACCOUNT } from './table.rules';

const named = (fields: string, purpose: string): FieldGroup => ({
  fields,
  about: 'account',
  class: 'identifier',
  form: 'random',
  purpose,
});

/** Tables about accounts and what they made. */
export const ACCOUNT_STORES: readonly Store[] = [
  table('account', 'Who uses the installation.', UNTIL_ACCOUNT, [
    technical('id created_at', 'account'),
    named('public_id', 'Names the account.'),
    {
      fields: 'email_ct name_ct',
      about: 'account',
      class: 'contact',
      form: 'ciphertext under the key of the account',
      purpose: 'Where its owner is written to, and what it is called.',
    },
    {
      fields: 'email_index',
      about: 'account',
      class: 'identifier',
      form: 'keyed hash',
      purpose: 'One account for each address.',
    },
    {
      fields: 'dek_wrapped',
      about: 'account',
      class: 'technical',
      form: 'key, wrapped under another key',
      purpose: 'The key of the account as release 0.1.0 kept it; it lies in the key ring now, and this is empty.',
    },
  ]),
  table(
    'account_erasure',
    'Deletions of accounts.',
    'A question without a yes: a day. Otherwise the row stays, so that its page goes on answering; it names nobody.',
    [
      technical(
        'id account_id state asked_at confirm_until confirmed_at key_day leaves pages_released rows_deleted_at keys_destroyed_at completed_at',
        'account',
      ),
      named(
        'public_id code rings account_uuid',
        'Names the deletion, its public page, and the key rings and the key to destroy.',
      ),
      {
        fields: 'token_sha256 commitment',
        about: 'account',
        class: 'technical',
        form: 'hash',
        purpose: 'Recognises the mailed link; names the entry of the log.',
      },
      {
        fields: 'letter_ct',
        about: 'account',
        class: 'contact',
        form: 'ciphertext under the key of a day',
        purpose: 'Where the certificate is mailed, until it is.',
      },
      {
        fields: 'certificate_head certificate',
        about: 'nobody',
        class: 'none',
        form: 'plain',
        purpose: 'The certificate. It names nobody.',
      },
    ],
  ),
  table(
    'account_backup',
    'Archives of accounts that were asked for.',
    'The keys: until the archive is made. The row: 30 days.',
    [
      technical(
        'id account_id state generation key_day leads_total leads_done bytes requested_at beat_at completed_at expires_at downloaded_at',
        'account',
      ),
      named('public_id', 'Names the archive and its file.'),
      {
        fields: 'head_wrapped',
        about: 'account',
        class: 'technical',
        form: 'key, wrapped under another key',
        purpose: 'The head of the file: its key, wrapped under the passphrase.',
      },
      {
        fields: 'file_key_ct',
        about: 'account',
        class: 'technical',
        form: 'ciphertext under the key of a day',
        purpose: 'The key of the file, so that it can be made without the passphrase.',
      },
      { fields: 'sha256', about: 'account', class: 'technical', form: 'hash', purpose: 'Recognises the file.' },
    ],
  ),
  table('api_key', 'Keys to the API.', UNTIL_ACCOUNT, [
    technical('id account_id scopes created_at expires_at revoked_at last_used_at', 'account'),
    named('public_id prefix', 'Names the key and finds it.'),
    {
      fields: 'secret_sha256',
      about: 'account',
      class: 'technical',
      form: 'hash',
      purpose: 'Recognises the key without keeping it.',
    },
  ]),
  table('subscription_end', 'Accounts that were cancelled and are kept for a while.', UNTIL_ACCOUNT, [
    technical('account_id ended_at delete_at reminders', 'account'),
  ]),
  table(
    'audit_event',
    'What was done in an account.',
    `${SECURITY_LOG} The reason for an opt-in mode stays with the account.`,
    [
      technical('id account_id kind created_at', 'account', 'What was done, and when.'),
      named('public_id', 'Names the event.'),
      {
        fields: 'detail_ct',
        about: 'account',
        class: 'content',
        form: 'ciphertext under the key of the account',
        purpose: 'To what it was done. Never to which person.',
      },
    ],
  ),
  table(
    'mail',
    'Mails to owners of accounts.',
    'Address and words: until the mail is sent, at the longest two days. The row: 30 days.',
    [
      technical('id account_id kind state key_day attempts due_at created_at settled_at', 'account'),
      named('public_id', 'Names the mail to the mail server.'),
      {
        fields: 'content_ct',
        about: 'account',
        class: 'contact',
        form: 'ciphertext under the key of a day',
        purpose: 'Address and words. They are about the account, never about a person of a Page.',
      },
    ],
  ),
  table('page', 'Connected Pages.', UNTIL_ACCOUNT, [
    technical(
      'id account_id state stop_reason stop_code stop_subcode stopped_at rate_per_second accept_risk_above_40 time_zone quiet_hours setup is_ending created_at updated_at',
      'account',
    ),
    named('public_id', 'Names the Page here, and its key ring.'),
    {
      fields: 'meta_page_id name opt_in_mode basis addresses_eea notice_version',
      about: 'account',
      class: 'content',
      form: 'plain',
      purpose:
        'The Page as everybody sees it on Facebook, and how consent is taken on it. Webhooks are told apart by it.',
    },
    {
      fields: 'token_ct',
      about: 'account',
      class: 'technical',
      form: 'ciphertext under the key of the Page',
      purpose: 'The token with which Meta is called.',
    },
  ]),
  table('notice', 'Wordings that people are shown.', UNTIL_ACCOUNT, [
    technical('page_id version language surface created_at', 'account'),
    {
      fields: 'body sha256',
      about: 'account',
      class: 'content',
      form: 'plain',
      purpose: 'The text, which everybody sees who writes to the Page, and its hash, which stands in the log.',
    },
  ]),
  table('broadcast', 'Broadcasts and drafts.', UNTIL_ACCOUNT, [
    technical(
      'id account_id purpose status blocked_reason out_of_window scheduled_at start_at rate_per_second start_delay_seconds status_before_pause launched_at frozen_at completed_at receipts_counted_at cancelled_at created_at updated_at',
      'account',
    ),
    named('public_id', 'Names the broadcast.'),
    {
      fields: 'definition_ct',
      about: 'account',
      class: 'content',
      form: 'ciphertext under the key of the account',
      purpose: 'Name, message and audience.',
    },
    {
      fields: 'content_sha256',
      about: 'account',
      class: 'content',
      form: 'hash',
      purpose: 'Stands in the log in place of the message.',
    },
  ]),
  table('broadcast_page', 'A broadcast on one Page.', UNTIL_ACCOUNT, [
    technical(
      'broadcast_id page_id state blocked_reason generation refused_in_a_row last_claim_at delivered_kept read_kept',
      'account',
    ),
  ]),
  table('tag', 'Labels that an account gives.', UNTIL_ACCOUNT, [
    technical('id account_id', 'account'),
    {
      fields: 'name_ct',
      about: 'account',
      class: 'content',
      form: 'ciphertext under the key of the account',
      purpose: 'The word.',
    },
    {
      fields: 'name_index',
      about: 'account',
      class: 'content',
      form: 'keyed hash',
      purpose: 'Finds the word.',
    },
  ]),
  table('idempotency_key', 'Calls that may be repeated.', '24 hours.', [
    technical('account_id state status resource_kind resource_id created_at', 'account'),
    {
      fields: 'fingerprint request_fingerprint',
      about: 'account',
      class: 'technical',
      form: 'keyed hash',
      purpose: 'Recognises the key and the call.',
    },
  ]),
  table(
    'proof_export',
    'Files with proofs that were handed out.',
    'Until it expires, or the account is deleted. The file itself is not kept.',
    [
      technical('id account_id kind state checkpoint_size records bytes created_at finished_at expires_at', 'account'),
      named('public_id', 'Names the export.'),
      {
        fields: 'sha256',
        about: 'account',
        class: 'technical',
        form: 'hash',
        purpose: 'Recognises the file.',
      },
    ],
  ),
  table('key_bucket', 'Which version of a bucket of keys is in force.', UNTIL_ACCOUNT, [
    technical('page_id bucket key_version', 'account'),
  ]),
  table('page_pace', 'How fast a Page may be sent on.', UNTIL_ACCOUNT, [
    technical('page_id next_free_at throttled_until throttle_level', 'account'),
  ]),
  table('page_lane', 'Who is sending on a Page.', UNTIL_ACCOUNT, [
    technical('page_id lane holder held_until', 'account'),
  ]),
  table('meta_request', 'What Meta asked of the app itself.', 'A year.', [
    {
      fields: 'code',
      about: 'nobody',
      class: 'identifier',
      form: 'keyed hash',
      purpose: 'The confirmation code: the same for the same request. The id in the request is not kept.',
    },
    technical('kind state received_at expires_at', 'nobody', 'What was asked, and when.'),
  ]),
];
