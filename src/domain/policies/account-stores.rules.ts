import { RETENTION } from '../../../config/retention';
import type { Store } from './data-map.types';
import { named, SECURITY_LOG, table, technical, UNTIL_ACCOUNT } from './table.rules';

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
    'closed_page',
    'Pages that a deleted account had connected at the yes.',
    `${String(RETENTION.returnDays)} days, or until the Page's people can have said something since that is not kept.`,
    [
      technical('id account_erasure_id closed_at', 'account'),
      technical(
        'page_mac',
        'account',
        'Recognises the Page when it is connected again: its people may come back.',
        'keyed hash',
      ),
    ],
  ),
  table('returned_notice', 'Wordings that people had been shown before they came back.', UNTIL_ACCOUNT, [
    technical('page_id sha256 body', 'account', 'What the people of a Page agreed to with an earlier account of it.'),
  ]),
  table('backup_import', 'How far the newest import of an archive is.', UNTIL_ACCOUNT, [
    technical(
      'account_id state in_archive counts started_at updated_at',
      'account',
      'How many people came back, and how many not for which reason.',
    ),
    named('public_id', 'Names the import.'),
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
        'public_id code rings account_uuid letter_key',
        'Names the deletion, its public page, and the key rings and the keys to destroy.',
      ),
      {
        fields: 'token_sha256 commitment',
        about: 'account',
        class: 'technical',
        form: 'hash',
        purpose:
          'Recognises the mailed link, also after the yes, to lead to the page of the deletion; names the entry of the log.',
      },
      {
        fields: 'letter_ct',
        about: 'account',
        class: 'contact',
        form: 'ciphertext under a key of its own',
        purpose: 'Where the certificate is mailed. Its key is destroyed when that mail has left, or after two days.',
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
  table(
    'recipient',
    "Who else gets people's data from an account: registered before anything is given.",
    UNTIL_ACCOUNT,
    [
      technical('id account_id kind receives created_at ended_at disclosed_at', 'account'),
      named('public_id', 'Names the recipient.'),
      {
        fields: 'definition_ct',
        about: 'account',
        class: 'content',
        form: 'ciphertext under the key of the account',
        purpose: 'Name, purpose, country, and where it is told of erasures. People are shown the first three.',
      },
      {
        fields: 'secret_ct',
        about: 'account',
        class: 'technical',
        form: 'ciphertext under the key of the account',
        purpose: 'By it the recipient recognises our calls.',
      },
    ],
  ),
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
    'Address and words: until the mail is sent or the account is deleted, at the longest two days. The row: 30 days.',
    [
      technical('id account_id kind state key_day attempts due_at created_at settled_at', 'account'),
      named(
        'public_id key_name',
        'Names the mail to the mail server, and its key in the key ring as long as it has words.',
      ),
      {
        fields: 'content_ct',
        about: 'account',
        class: 'contact',
        form: 'ciphertext under the key of the account',
        purpose:
          'Address and words; of the last mail under the key of the letter. They are about the account, never about a person of a Page.',
      },
    ],
  ),
  table('idempotency_key', 'Calls that may be repeated.', '24 hours.', [
    technical('account_id state status resource_kind created_at', 'account'),
    technical(
      'resource_id',
      'account',
      'What a repeated call is answered from: the id of what it made, or counts; of people no more than their places in the list that came with the call.',
    ),
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
