import { z } from 'zod';
import {
  SCOPES,
  type ApiKey,
  type makeCreateApiKey,
  type makeListApiKeys,
  type makeRevokeApiKey,
  type Principal,
} from '../domain/accounts';
import { API_KEY_EXAMPLE } from './examples';
import { HttpError } from './http.errors';
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
  .meta({ id: 'ApiKey', example: API_KEY_EXAMPLE });
const createdSchema = apiKeySchema
  .extend({
    key: z.string().optional().meta({ description: 'Shown once: a repeated Idempotency-Key answers without it' }),
  })
  .meta({
    id: 'CreatedApiKey',
    example: { ...API_KEY_EXAMPLE, key: `assent_k3v9q2xw_${'x'.repeat(43)}` },
  });

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
      bodyExample: { scopes: ['broadcasts:read', 'leads:read'], expires_at: null },
      replies: { 201: { description: 'The key; its secret is never shown again', schema: createdSchema } },
      replay: async ({ principal }, keyUuid) => ({
        status: 201,
        body: present(await findKey(api, principal.accountId, keyUuid)),
      }),
      handle: async ({ principal, body, newId }) => {
        const key = await api.create({
          accountId: principal.accountId,
          scopes: body.scopes,
          expiresAt: body.expires_at == null ? null : new Date(body.expires_at),
          uuid: newId,
        });
        return { status: 201, body: { ...present(key), key: key.key }, remember: key.uuid };
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

/** An account has few keys: they are looked through rather than kept addressable. */
async function findKey(api: ApiKeysApi, accountId: Principal['accountId'], uuid: string): Promise<ApiKey> {
  let after: string | null = null;
  do {
    const { items, next } = await api.list({ accountId, limit: 200, after });
    const found = items.find((key) => key.uuid === uuid);
    if (found !== undefined) return found;
    after = next;
  } while (after !== null);
  throw new HttpError('route_not_found', 'the API key that this Idempotency-Key made is gone');
}
