import { createHmac } from 'node:crypto';
import type { Principal } from '../domain/accounts';
import type { RowId, Sql } from '../domain/sql.types';
import type { Clock } from '../kernel/clock';
import type { Ids } from '../kernel/ids';
import { HttpError } from './http.errors';
import type { Reply } from './route';

/** A call that died keeps its key this long; then the same key may run again under the same resource id. */
const RUNNING_SECONDS = 60;
const KEY = /^[\x21-\x7e]{1,255}$/;

export interface IdempotencyDeps {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Keys the fingerprints: neither the caller's key nor a request body can be read back from the table. */
  readonly fingerprintKey: () => Buffer;
}

export interface KeyedRequest {
  readonly principal: Principal;
  readonly key: string;
  readonly method: string;
  readonly path: string;
  readonly bytes: Buffer;
}

interface Row {
  readonly request_fingerprint: Buffer;
  readonly state: 'running' | 'done';
  readonly status: number | null;
  readonly resource_id: string;
  readonly fresh: boolean;
}

/**
 * Runs a POST at most once for an Idempotency-Key, kept for 24 hours.
 *
 * The id of what will be created is fixed together with the key, before the work: a call that died half-way and is
 * repeated creates the same resource again under the same id, which the unique key of the resource then recognises.
 *
 * @throws {HttpError} `idempotency_key_reused` for another request, `idempotency_in_progress` while the first still runs
 */
export async function runOnce(
  deps: IdempotencyDeps,
  request: KeyedRequest,
  work: (resourceId: string) => Promise<Reply>,
  replay: (resourceId: string, status: number) => Promise<Reply>,
): Promise<Reply> {
  if (!KEY.test(request.key)) {
    throw new HttpError(
      'idempotency_key_invalid',
      'Idempotency-Key must be 1 to 255 printable ASCII characters without spaces',
    );
  }
  const fingerprint = keyed(deps, [request.principal.accountUuid, request.key]);
  const requested = keyed(deps, [request.method, request.path, request.bytes]);
  const row = await reserve(deps, request.principal.accountId, fingerprint, requested);
  if (!row.request_fingerprint.equals(requested)) {
    throw new HttpError('idempotency_key_reused', 'this Idempotency-Key was used for another request');
  }
  if (row.state === 'done') return replay(row.resource_id, row.status ?? 200);
  if (!row.fresh) {
    throw new HttpError('idempotency_in_progress', 'the first call with this Idempotency-Key is still running', [], {
      'Retry-After': '2',
    });
  }
  return finish(deps, request.principal.accountId, fingerprint, row.resource_id, work);
}

function keyed(deps: IdempotencyDeps, parts: readonly (string | Buffer)[]): Buffer {
  const mac = createHmac('sha256', deps.fingerprintKey());
  for (const part of parts) {
    const bytes = Buffer.from(part as string);
    mac.update(`${String(bytes.length)}:`).update(bytes);
  }
  return mac.digest();
}

/** One statement decides who runs: the row is fresh for the caller that inserted it, or took over one that died. */
async function reserve(deps: IdempotencyDeps, accountId: RowId, fingerprint: Buffer, requested: Buffer): Promise<Row> {
  const inserted = await deps.sql.first<Row>(
    `insert into idempotency_key (account_id, fingerprint, request_fingerprint, state, resource_id, created_at)
     values ($1, $2, $3, 'running', $4, $5)
     on conflict (account_id, fingerprint) do update set created_at = excluded.created_at
       where idempotency_key.state = 'running'
         and idempotency_key.request_fingerprint = excluded.request_fingerprint
         and idempotency_key.created_at < excluded.created_at - make_interval(secs => $6)
     returning request_fingerprint, state, status, resource_id, true as fresh`,
    [accountId, fingerprint, requested, deps.ids.uuid(), deps.clock.now(), RUNNING_SECONDS],
  );
  if (inserted !== undefined) return inserted;
  const known = await deps.sql.first<Row>(
    `select request_fingerprint, state, status, resource_id, false as fresh
       from idempotency_key where account_id = $1 and fingerprint = $2`,
    [accountId, fingerprint],
  );
  return known ?? reserve(deps, accountId, fingerprint, requested);
}

async function finish(
  deps: IdempotencyDeps,
  accountId: RowId,
  fingerprint: Buffer,
  resourceId: string,
  work: (resourceId: string) => Promise<Reply>,
): Promise<Reply> {
  try {
    const reply = await work(resourceId);
    await deps.sql.run(
      `update idempotency_key set state = 'done', status = $3 where account_id = $1 and fingerprint = $2`,
      [accountId, fingerprint, reply.status],
    );
    return reply;
  } catch (error) {
    // A refused call may be corrected and sent again under the same key.
    await deps.sql.run('delete from idempotency_key where account_id = $1 and fingerprint = $2', [
      accountId,
      fingerprint,
    ]);
    throw error;
  }
}

/** Keys older than 24 hours mean nothing any more. */
export function forgetIdempotencyKeys(sql: Sql): Promise<number> {
  return sql.run(`delete from idempotency_key where created_at < now() - interval '24 hours'`);
}
