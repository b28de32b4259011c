import type { Store } from './data-map.types';
import { rowNumbers, table, technical, UNTIL_ACCOUNT, UNTIL_ERASED } from './table.rules';

/** Tables in which people leave a trace beside their own rows. */
export const TRACE_STORES: readonly Store[] = [
  table('broadcast_lead', 'People whom a draft names.', UNTIL_ERASED, [rowNumbers('broadcast_id lead_id')]),
  table('inbox_event', 'Events that were taken in.', 'A week, or until the person is erased.', [
    rowNumbers('lead_id'),
    {
      fields: 'event_mac seen_at',
      about: 'person',
      class: 'technical',
      form: 'keyed hash',
      purpose: 'Recognises an event that Meta delivers twice.',
    },
  ]),
  table(
    'inbox',
    'Webhooks that wait to be read.',
    'Until they are read; at the longest 36 hours. The key of their day is destroyed 48 hours after it.',
    [
      rowNumbers('id delivery_id key_day attempts due_at received_at'),
      {
        fields: 'body_ct nonces_ct',
        about: 'person',
        class: 'content',
        form: 'ciphertext under the key of a day',
        purpose: 'The body exactly as Meta signed it.',
      },
      {
        fields: 'copy_mac',
        about: 'nobody',
        class: 'technical',
        form: 'keyed hash',
        purpose: 'Recognises a body that Meta delivers twice.',
      },
    ],
  ),
  table('suppression', 'People who must not be written to.', UNTIL_ACCOUNT, [
    rowNumbers('page_id created_at'),
    {
      fields: 'person_mac',
      about: 'person',
      class: 'identifier',
      form: 'keyed hash',
      purpose: 'Recognises somebody who unsubscribed elsewhere before, or who wished it when they were erased.',
    },
  ]),
  table(
    'proof_export_lead',
    'Whose data a file that was handed out holds.',
    'Until the person is erased, or the record of the file expires.',
    [rowNumbers('export_id lead_id')],
  ),
  table(
    'erasure',
    'Erasures of people.',
    'The row stays, so that its page goes on answering; it names nobody once the rows are gone.',
    [
      rowNumbers('id account_id page_id lead_id key_version'),
      {
        fields: 'bucket',
        about: 'person',
        class: 'technical',
        form: 'keyed hash',
        purpose:
          'Which of 1,024 groups of keys is to be rotated. It follows from the page-scoped id under a key of the Page; a finished erasure has none.',
      },
      {
        fields: 'public_id code',
        about: 'person',
        class: 'technical',
        form: 'random',
        purpose: 'Names the erasure in the API and on its public page.',
      },
      {
        fields: 'scope origin state leaves requested_at rows_deleted_at keys_destroyed_at completed_at keeps_mark',
        about: 'person',
        class: 'technical',
        form: 'plain',
        purpose: 'How far it is. Of whom cannot be told from it.',
      },
      {
        fields: 'lead_mac subject_sha256',
        about: 'person',
        class: 'identifier',
        form: 'keyed hash',
        purpose:
          'Answers 410 for an id the account still has; and ties the certificate to whoever holds the secret part of its link.',
      },
      {
        fields: 'link_ct',
        about: 'person',
        class: 'identifier',
        form: 'ciphertext under the key of the person',
        purpose: 'The secret part of the link, until it is sent to the person.',
      },
      {
        fields: 'commitment certificate_head footprint certificate',
        about: 'nobody',
        class: 'none',
        form: 'plain',
        purpose: 'The certificate. It names nobody.',
      },
    ],
  ),
  table('disclosure', 'Whose data somebody else got.', UNTIL_ERASED, [
    rowNumbers('lead_id recipient_id'),
    {
      fields: 'first_at last_at',
      about: 'person',
      class: 'content',
      form: 'plain',
      purpose: 'When it was given: the person is told of it, and the recipient of their erasure.',
    },
  ]),
  table(
    'recipient_call',
    'That recipients are told of an erasure.',
    'The row stays, so that the page of the erasure goes on answering; it names nobody. What is told is not in the database.',
    [
      technical('id account_id state attempts last_code due_at created_at expires_at settled_at', 'account'),
      {
        fields: 'public_id recipient_uuid erasure_uuid',
        about: 'account',
        class: 'technical',
        form: 'random',
        purpose: 'Names the call, who is told, and the erasure.',
      },
    ],
  ),
  table('erasure_tombstone', 'People erased in the last two days.', 'Two days; then its key is destroyed.', [
    {
      fields: 'person_mac',
      about: 'person',
      class: 'identifier',
      form: 'keyed hash',
      purpose: 'Keeps a webhook that comes late from bringing somebody back.',
    },
    {
      fields: 'key_day erased_at expires_at',
      about: 'nobody',
      class: 'technical',
      form: 'plain',
      purpose: 'Which day, and until when.',
    },
  ]),
];
