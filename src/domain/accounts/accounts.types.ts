import type { RowId } from '../sql.types';

export type Scope =
  | 'pages:read'
  | 'pages:write'
  | 'leads:read'
  | 'leads:write'
  | 'broadcasts:read'
  | 'broadcasts:write'
  | 'broadcasts:launch'
  | 'proofs:export'
  | 'erase'
  | 'account:admin';

/** Who is asking, and what the key allows. */
export interface Principal {
  readonly accountId: RowId;
  readonly accountUuid: string;
  readonly scopes: readonly Scope[];
  readonly apiKeyUuid: string;
}

export interface AccountRef {
  readonly id: RowId;
  readonly uuid: string;
}

/** What may be shown of a key: never its secret, which exists only in the answer that made it. */
export interface ApiKey {
  readonly uuid: string;
  readonly prefix: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
}

export interface CreatedApiKey extends ApiKey {
  /** The whole key, shown once. */
  readonly key: string;
}
