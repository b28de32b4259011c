import { createHmac } from 'node:crypto';
import type { Principal } from '../domain/accounts';
import type { RowId, Sql } from '../domain/sql.types';
import type { Clock } from '../kernel/clock';
import { UserError } from '../kernel/errors';
import type { Ids } from '../kernel/ids';
import { HttpError } from './http.errors';
import type { Reply } from './route';

/** A call that died keeps its key this long; then the same key may run again under the same resource id. */
const RUNNING_SECONDS = 60;
const KEPT_SECONDS = 86_400;
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

export interface KeyedWork {
  readonly run: (attempt: { readonly resourceId: string; readonly isResumed: boolean }) => Promise<Reply>;
  readonly replay: (remembered: string, status: number) => Promise<Reply>;
}

interface Row {
  readonly request_fingerprint: Buffer;
  readonly state: 'running' | 'done';
  readonly status: number | null;
  readonly resource_id: string;
}

/** What names a running call: its row, and the moment it took it. Whoever takes the row over later has another moment. */
interface Lease {
  readonly accountId: RowId;
  readonly fingerprint: Buffer;
  readonly takenAt: Date;
}

/**
 * Runs a POST at most once for an Idempotency-Key, kept for 24 hours.
 *
 * The id of what will be created is fixed together with the key, before the work: a call that died half-way and is
 * repeated creates the same resource again under the same id, which the unique key of the resource then recognises.
 *
 * @throws {HttpError} `idempotency_key_reused` for another request, `idempotency_in_progress` while the first still runs
 */
export async function runOnce(deps: IdempotencyDeps, request: KeyedRequest, work: KeyedWork): Promise<Reply> {
  if (!KEY.test(request.key)) {
    throw new HttpError(
      'idempotency_key_invalid',
      'Idempotency-Key must be 1 to 255 printable ASCII characters without spaces',
    );
  }
  const requested = keyed(deps, [request.method, request.path, request.bytes]);
  const lease: Lease = {
    accountId: request.principal.accountId,
    fingerprint: keyed(deps, [request.principal.accountUuid, request.key]),
    takenAt: deps.clock.now(),
  };
  const newId = deps.ids.uuid();
  const taken = await take(deps.sql, lease, requested, newId);
  if (taken !== undefined) {
    return finish(deps.sql, lease, taken.resource_id, () =>
      work.run({ resourceId: taken.resource_id, isResumed: taken.resource_id !== newId }),
    );
  }
  const known = await find(deps.sql, lease);
  if (known === undefined) return runOnce(deps, request, work);
  if (!known.request_fingerprint.equals(requested)) {
    throw new HttpError('idempotency_key_reused', 'this Idempotency-Key was used for another request');
  }
  if (known.state === 'done') return work.replay(known.resource_id, known.status ?? 200);
  throw new HttpError('idempotency_in_progress', 'the first call with this Idempotency-Key is still running', [], {
    'Retry-After': '2',
  });
}

function keyed(deps: IdempotencyDeps, parts: readonly (string | Buffer)[]): Buffer {
  const mac = createHmac('sha256', deps.fingerprintKey());
  for (const part of parts) {
    const bytes = Buffer.from(part as string);
    mac.update(`${String(bytes.length)}:`).update(bytes);
  }
  return mac.digest();
}

/** One statement decides who runs: whoever inserts the row, takes over one that died, or one that is out of date. */
const take = (sql: Sql, lease: Lease, requested: Buffer, newId: string): Promise<Row | undefined> =>
  sql.first<Row>(
    `insert into idempotency_key as k (account_id, fingerprint, request_fingerprint, state, resource_id, created_at)
     values ($1, $2, $3, 'running', $4, $5)
     on conflict (account_id, fingerprint) do update
       set request_fingerprint = excluded.request_fingerprint, state = 'running', status = null,
           resource_id = case when k.created_at <= excluded.created_at - make_interval(secs => $7)
             then excluded.resource_id else k.resource_id end,
           created_at = excluded.created_at
       where k.created_at <= excluded.created_at - make_interval(secs => $7)
         or (k.state = 'running' and k.request_fingerprint = excluded.request_fingerprint
             and k.created_at <= excluded.created_at - make_interval(secs => $6))
     returning request_fingerprint, state, status, resource_id`,
    [lease.accountId, lease.fingerprint, requested, newId, lease.takenAt, RUNNING_SECONDS, KEPT_SECONDS],
  );

const find = (sql: Sql, { accountId, fingerprint }: Lease): Promise<Row | undefined> =>
  sql.first<Row>(
    `select request_fingerprint, state, status, resource_id
       from idempotency_key where account_id = $1 and fingerprint = $2`,
    [accountId, fingerprint],
  );

async function finish(sql: Sql, lease: Lease, resourceId: string, work: () => Promise<Reply>): Promise<Reply> {
  let reply: Reply;
  try {
    reply = await work();
  } catch (error) {
    // What failed here must not hide what failed first; a row that stays behind can be taken over after a minute.
    await (error instanceof UserError ? forget(sql, lease) : handOver(sql, lease)).catch(() => 0);
    throw error;
  }
  await sql.run(
    `update idempotency_key set state = 'done', status = $4, resource_id = $5
      where account_id = $1 and fingerprint = $2 and created_at = $3`,
    [lease.accountId, lease.fingerprint, lease.takenAt, reply.status, reply.remember ?? resourceId],
  );
  return reply;
}

/** A refused call did nothing: it may be corrected and sent again under the same key. */
const forget = (sql: Sql, lease: Lease): Promise<number> =>
  sql.run('delete from idempotency_key where account_id = $1 and fingerprint = $2 and created_at = $3', [
    lease.accountId,
    lease.fingerprint,
    lease.takenAt,
  ]);

/** A fault may have come after the commit: the next call with the key runs at once, but under the same resource id. */
const handOver = (sql: Sql, lease: Lease): Promise<number> =>
  sql.run(
    `update idempotency_key set created_at = created_at - make_interval(secs => $4)
      where account_id = $1 and fingerprint = $2 and created_at = $3`,
    [lease.accountId, lease.fingerprint, lease.takenAt, RUNNING_SECONDS],
  );

/** Keys older than 24 hours mean nothing any more. */
export function forgetIdempotencyKeys(sql: Sql): Promise<number> {
  return sql.run(`delete from idempotency_key where created_at < now() - interval '24 hours'`);
}
