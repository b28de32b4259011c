import { z } from 'zod';
import {
  SCOPES,
  type ApiKey,
  type makeCreateApiKey,
  type makeListApiKeys,
  type makeRevokeApiKey,
} from '../domain/accounts';
import { privateRoute, type Route } from './route';
import { isoOrNull, listOf, listQuery, listReply, timestamp, uuid } from './schemas';

export interface ApiKeysApi {
  readonly create: ReturnType<typeof makeCreateApiKey>;
  readonly list: ReturnType<typeof makeListApiKeys>;
  readonly revoke: ReturnType<typeof makeRevokeApiKey>;
}

const tag = 'api-keys';
const scope = z.enum(SCOPES);
const apiKeySchema = z
  .object({
    id: uuid,
    prefix: z.string(),
    scopes: z.array(scope),
    created_at: timestamp,
    expires_at: timestamp.nullable(),
    revoked_at: timestamp.nullable(),
    last_used_at: timestamp.nullable(),
  })
  .meta({ id: 'ApiKey' });
const createdSchema = apiKeySchema
  .extend({ key: z.string().meta({ description: 'Shown only here' }) })
  .meta({ id: 'CreatedApiKey' });

const present = (key: ApiKey): z.infer<typeof apiKeySchema> => ({
  id: key.uuid,
  prefix: key.prefix,
  scopes: [...key.scopes],
  created_at: key.createdAt.toISOString(),
  expires_at: isoOrNull(key.expiresAt),
  revoked_at: isoOrNull(key.revokedAt),
  last_used_at: isoOrNull(key.lastUsedAt),
});

export function apiKeysRoutes(api: ApiKeysApi): Route[] {
  return [
    privateRoute({
      method: 'get',
      path: '/v1/api-keys',
      tag,
      scope: 'account:admin',
      summary: 'API keys of the account, without their secrets',
      query: z.strictObject(listQuery),
      replies: { 200: { description: 'Keys', schema: listOf(apiKeySchema) } },
      handle: async ({ principal, query }) => {
        const { items, next } = await api.list({
          accountId: principal.accountId,
          limit: query.limit,
          after: query.cursor ?? null,
        });
        return listReply(items.map(present), next);
      },
    }),
    privateRoute({
      method: 'post',
      path: '/v1/api-keys',
      tag,
      scope: 'account:admin',
      summary: 'Makes an API key',
      body: z
        .strictObject({ scopes: z.array(scope).min(1), expires_at: timestamp.nullable().optional() })
        .meta({ id: 'CreateApiKey' }),
      replies: { 201: { description: 'The key; its secret is never shown again', schema: createdSchema } },
      handle: async ({ principal, body }) => {
        const key = await api.create({
          accountId: principal.accountId,
          scopes: body.scopes,
          expiresAt: body.expires_at == null ? null : new Date(body.expires_at),
        });
        return { status: 201, body: { ...present(key), key: key.key } };
      },
    }),
    privateRoute({
      method: 'delete',
      path: '/v1/api-keys/{id}',
      tag,
      scope: 'account:admin',
      summary: 'Revokes an API key at once',
      params: z.object({ id: uuid }),
      problems: [404],
      replies: { 200: { description: 'The revoked key', schema: apiKeySchema } },
      handle: async ({ principal, params }) => ({
        status: 200,
        body: present(await api.revoke({ accountId: principal.accountId, apiKeyUuid: params.id })),
      }),
    }),
  ];
}
