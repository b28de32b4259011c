import { z } from 'zod';
import { COUNTRY_CODES } from './countries';
import {
  MOST_ENDPOINT_CHARACTERS,
  type makeEndRecipient,
  type makeGetRecipient,
  type makeListRecipients,
  type makeRegisterRecipient,
  type RecipientView,
} from '../domain/recipients';
import { RECIPIENT_EXAMPLE } from './examples';
import { privateRoute, type Route } from './route';
import { isoOrNull, listOf, listQuery, listReply, timestamp, uuid } from './schemas';

export interface RecipientsApi {
  readonly register: ReturnType<typeof makeRegisterRecipient>;
  readonly get: ReturnType<typeof makeGetRecipient>;
  readonly list: ReturnType<typeof makeListRecipients>;
  readonly end: ReturnType<typeof makeEndRecipient>;
}

const tag = 'recipients';
const params = z.object({ id: uuid });

/** How calls about erasures ended. */
export const callCounts = z
  .object({ notified: z.int().min(0), pending: z.int().min(0), failed: z.int().min(0) })
  .meta({ id: 'CallCounts' });

const words = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    // eslint-disable-next-line no-control-regex -- a control character is never meant
    .regex(/^[^\u0000-\u001f\u007f]*$/, 'must hold no control characters');
const said = {
  name: words(200).meta({ description: 'People whose data it gets are shown this' }),
  purpose: words(1_000).meta({ description: 'What it gets the data for; people are shown this' }),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, { error: 'must be two capital letters (ISO 3166-1)', abort: true })
    .refine((code) => COUNTRY_CODES.has(code), 'is no country code of ISO 3166-1')
    .meta({ description: 'Where it is, as an assigned code of ISO 3166-1 alpha-2' }),
  kind: z.enum(['webhook', 'integration', 'other']).meta({ description: 'By what it gets data' }),
  endpoint: z.string().min(1).max(MOST_ENDPOINT_CHARACTERS).meta({
    description:
      'Where it is told of erasures by a signed POST (docs/erasure.md): https, at a public address, port 443',
  }),
};
const receives = z.enum(['everyone', 'disclosed']).meta({
  description:
    '`everyone`: it gets the data of everybody of the account, and is told of each erasure; `disclosed`: of those for whom a disclosure is recorded',
});

const recipientSchema = z
  .object({
    id: uuid,
    ...said,
    receives,
    created_at: timestamp,
    ended_at: timestamp.nullable().meta({ description: 'Nothing is disclosed to it since' }),
    last_disclosed_at: timestamp.nullable(),
  })
  .meta({ id: 'Recipient', example: RECIPIENT_EXAMPLE });
const registeredSchema = recipientSchema
  .extend({
    secret: z.string().optional().meta({
      description: 'The key of the signatures, shown once: a repeated Idempotency-Key answers without it',
    }),
  })
  .meta({ id: 'RegisteredRecipient', example: { ...RECIPIENT_EXAMPLE, secret: 'x'.repeat(43) } });
const detailSchema = recipientSchema
  .extend({
    calls: callCounts.meta({
      description: 'Erasures it was told of, is still to be told of, and could not be told of',
    }),
    last_failure: z.string().nullable().meta({
      description: '`unreachable`, `timeout`, `address_refused`, `status_…`, `expired`, `content_gone`, `restored`',
    }),
  })
  .meta({
    id: 'RecipientDetail',
    example: { ...RECIPIENT_EXAMPLE, calls: { notified: 3, pending: 1, failed: 0 }, last_failure: 'status_503' },
  });

const present = (recipient: RecipientView): z.infer<typeof recipientSchema> => ({
  id: recipient.uuid,
  name: recipient.name,
  purpose: recipient.purpose,
  country: recipient.country,
  kind: recipient.kind,
  receives: recipient.receives,
  endpoint: recipient.endpoint,
  created_at: recipient.createdAt.toISOString(),
  ended_at: isoOrNull(recipient.endedAt),
  last_disclosed_at: isoOrNull(recipient.disclosedAt),
});

export const recipientsRoutes = (api: RecipientsApi): Route[] => [
  listRoute(api),
  registerRoute(api),
  privateRoute({
    method: 'get',
    path: '/v1/recipients/{id}',
    tag,
    scope: 'account:admin',
    summary: 'One recipient, and how far it was told of erasures',
    params,
    problems: [404],
    replies: { 200: { description: 'The recipient', schema: detailSchema } },
    handle: async ({ principal, params: { id } }) => {
      const recipient = await api.get({ accountId: principal.accountId, uuid: id });
      const { calls, lastFailure } = recipient;
      return { status: 200, body: { ...present(recipient), calls, last_failure: lastFailure } };
    },
  }),
  privateRoute({
    method: 'delete',
    path: '/v1/recipients/{id}',
    tag,
    scope: 'account:admin',
    summary: 'Ends a recipient: nothing is disclosed to it any more',
    description:
      'It stays in the list, and in what people are shown, because it has what it got; and it is still told when one of those people is erased',
    params,
    problems: [404],
    replies: { 200: { description: 'The ended recipient', schema: recipientSchema } },
    handle: async ({ principal, params: { id } }) => ({
      status: 200,
      body: present(await api.end({ accountId: principal.accountId, uuid: id })),
    }),
  }),
];

const listRoute = (api: RecipientsApi): Route =>
  privateRoute({
    method: 'get',
    path: '/v1/recipients',
    tag,
    scope: 'account:admin',
    summary: "Who else gets data of the account's people, ended ones too",
    query: z.strictObject(listQuery),
    replies: { 200: { description: 'Recipients', schema: listOf(recipientSchema) } },
    handle: async ({ principal, query }) => {
      const after = query.cursor ?? null;
      const { items, next } = await api.list({ accountId: principal.accountId, limit: query.limit, after });
      return listReply(items.map(present), next);
    },
  });

const registerRoute = (api: RecipientsApi): Route =>
  privateRoute({
    method: 'post',
    path: '/v1/recipients',
    tag,
    scope: 'account:admin',
    summary: "Registers somebody who will get data of the account's people",
    description:
      'Before anything is given to them. People see name, purpose and country in what is kept about them, and the recipient is told of erasures by signed calls to its endpoint',
    body: z.strictObject({ ...said, receives: receives.default('disclosed') }).meta({ id: 'RegisterRecipient' }),
    bodyExample: {
      name: RECIPIENT_EXAMPLE.name,
      purpose: RECIPIENT_EXAMPLE.purpose,
      country: 'DE',
      kind: 'integration',
      endpoint: RECIPIENT_EXAMPLE.endpoint,
      receives: 'disclosed',
    },
    replies: { 201: { description: 'The recipient; its secret is never shown again', schema: registeredSchema } },
    replay: async ({ principal }, recipientUuid) => ({
      status: 201,
      body: present(await api.get({ accountId: principal.accountId, uuid: recipientUuid })),
    }),
    handle: async ({ principal, body, newId }) => {
      const recipient = await api.register({ ...body, accountId: principal.accountId, uuid: newId });
      return { status: 201, body: { ...present(recipient), secret: recipient.secret }, remember: recipient.uuid };
    },
  });
