import type { RowId, Sql } from '../sql.types';
import type { CallCounts } from './recipients.types';

export interface NewCall {
  readonly uuid: string;
  readonly accountId: RowId;
  readonly recipientUuid: string;
  readonly erasureUuid: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** @param fault why it cannot be made at all; then it has failed from the start */
export const insertCall = (sql: Sql, call: NewCall, fault: string | null = null): Promise<number> =>
  sql.run(
    `insert into recipient_call (public_id, account_id, recipient_uuid, erasure_uuid, due_at, created_at, expires_at,
       state, last_code, settled_at)
     values ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9) on conflict (public_id) do nothing`,
    [
      call.uuid,
      call.accountId,
      call.recipientUuid,
      call.erasureUuid,
      call.createdAt,
      call.expiresAt,
      fault === null ? 'queued' : 'failed',
      fault,
      fault === null ? null : call.createdAt,
    ],
  );

export interface ClaimedCall {
  readonly id: RowId;
  readonly uuid: string;
  readonly attempts: number;
  readonly expiresAt: Date;
}

export interface ClaimLimits {
  readonly calls: number;
  /** Of one recipient: one that does not answer does not hold up the others. */
  readonly ofOne: number;
}

/** Takes calls that are due. Whoever dies with one leaves it to be taken again after the lease. */
export const claimCalls = (sql: Sql, now: Date, leaseUntil: Date, limits: ClaimLimits): Promise<ClaimedCall[]> =>
  sql.rows(
    `update recipient_call set attempts = attempts + 1, due_at = $2
      where id in (
        select c.id from recipient_call c
         where c.id in (
             select id from (
               select id, due_at, row_number() over (partition by recipient_uuid order by due_at, id) as n
                from recipient_call where state = 'queued' and due_at <= $1) due
              where n <= $4 order by due_at, id limit $3)
           and c.state = 'queued' and c.due_at <= $1
         order by c.id for update skip locked)
     returning id, public_id as uuid, attempts, expires_at as "expiresAt"`,
    [now, leaseUntil, limits.calls, limits.ofOne],
  );

export interface Settled {
  readonly id: RowId;
  readonly state: 'notified' | 'failed';
  readonly code: string | null;
  readonly at: Date;
}

export const settleCall = (sql: Sql, { id, state, code, at }: Settled): Promise<number> =>
  sql.run(`update recipient_call set state = $2, last_code = $3, settled_at = $4 where id = $1 and state = 'queued'`, [
    id,
    state,
    code,
    at,
  ]);

/** Changes nothing where somebody else has taken it since. */
export const putOffCall = (sql: Sql, { id, attempts }: ClaimedCall, dueAt: Date, code: string): Promise<number> =>
  sql.run(
    `update recipient_call set due_at = $3, last_code = $4 where id = $1 and attempts = $2 and state = 'queued'`,
    [id, attempts, dueAt, code],
  );

/** @returns those whose time is over */
export async function expireCalls(sql: Sql, now: Date): Promise<string[]> {
  const rows = await sql.rows<{ uuid: string }>(
    `update recipient_call set state = 'failed', last_code = coalesce(last_code, 'expired'), settled_at = $1
      where state = 'queued' and expires_at <= $1 returning public_id as uuid`,
    [now],
  );
  return rows.map(({ uuid }) => uuid);
}

/** Of those of these calls that have a row: whether they are still to be made. */
export async function readQueued(sql: Sql, uuids: readonly string[]): Promise<Map<string, boolean>> {
  const rows = await sql.rows<{ uuid: string; isQueued: boolean }>(
    `select public_id as uuid, state = 'queued' as "isQueued" from recipient_call where public_id = any($1::uuid[])`,
    [uuids],
  );
  return new Map(rows.map(({ uuid, isQueued }) => [uuid, isQueued]));
}

/** Calls that a restored database has waiting, and that ended after its backup was made. */
export const settleOthers = (sql: Sql, uuids: readonly string[], at: Date): Promise<number> =>
  sql.run(
    `update recipient_call set state = 'failed', last_code = 'restored', settled_at = $2
      where state = 'queued' and not (public_id = any($1::uuid[]))`,
    [uuids, at],
  );

const COUNTS = `count(*) filter (where c.state = 'notified')::int as notified,
  count(*) filter (where c.state = 'queued')::int as pending, count(*) filter (where c.state = 'failed')::int as failed`;

const NONE: CallCounts = { notified: 0, pending: 0, failed: 0 };

export const countCallsOfErasure = async (sql: Sql, erasureUuid: string): Promise<CallCounts> =>
  (await sql.first<CallCounts>(`select ${COUNTS} from recipient_call c where c.erasure_uuid = $1`, [erasureUuid])) ??
  NONE;

/** The same inside of a query, as an object. @param erasureUuid the column that names the erasure, with its table */
export const callCountsSql = (erasureUuid: string): string =>
  `(select to_json(counts) from (select ${COUNTS} from recipient_call c where c.erasure_uuid = ${erasureUuid}) counts)`;

export interface CallsOfRecipient extends CallCounts {
  readonly lastFailure: string | null;
}

export const countCallsOfRecipient = async (sql: Sql, recipientUuid: string): Promise<CallsOfRecipient> =>
  (await sql.first<CallsOfRecipient>(
    `select ${COUNTS}, (array_agg(last_code order by id desc) filter (where last_code is not null))[1] as "lastFailure"
      from recipient_call c where c.recipient_uuid = $1`,
    [recipientUuid],
  )) ?? { ...NONE, lastFailure: null };
