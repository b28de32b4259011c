import type { RoundPart } from '../../kernel/rounds';
import type { RowId, Sql, Tx } from '../sql.types';
import { accountDeleted, subscriptionEnded } from './accounts.errors';

export interface SubscriptionEnd {
  readonly endedAt: Date;
  /** Then everything goes, unless the subscription is taken up again. */
  readonly deleteAt: Date;
}

const END = `select ended_at as "endedAt", delete_at as "deleteAt" from subscription_end where account_id = $1`;

export const findSubscriptionEnd = (sql: Sql, accountId: RowId): Promise<SubscriptionEnd | undefined> =>
  sql.first<SubscriptionEnd>(END, [accountId]);

/** Holds back whoever connects a Page or makes an API key until the end is committed, and the other way round. */
export const lockAccount = (tx: Tx, accountId: RowId): Promise<number> =>
  tx.run('select from account where id = $1 for update', [accountId]);

/**
 * For what an account may not begin once its deletion was confirmed. Until the commit nobody confirms it.
 *
 * @throws {UserError} `account_deleted`
 */
export async function requireAccount(tx: Tx, accountId: RowId): Promise<void> {
  await tx.run('select from account where id = $1 for share', [accountId]);
  if (await isDeletionConfirmed(tx, accountId)) throw accountDeleted();
}

/** Whether the yes to the deletion of an account was given. */
export async function isDeletionConfirmed(sql: Sql, accountId: RowId): Promise<boolean> {
  const row = await sql.first<{ found: boolean }>(
    `select exists (select from account_erasure where account_id = $1 and state <> 'asked') as found`,
    [accountId],
  );
  return row?.found === true;
}

/**
 * For what an account may not begin once it has ended.
 *
 * @throws {UserError} `subscription_ended`, `account_deleted`
 */
export async function requireSubscription(tx: Tx, accountId: RowId): Promise<void> {
  await requireAccount(tx, accountId);
  if ((await findSubscriptionEnd(tx, accountId)) !== undefined) throw subscriptionEnded();
}

/** @returns false when it has ended before */
export async function insertSubscriptionEnd(tx: Tx, accountId: RowId, end: SubscriptionEnd): Promise<boolean> {
  const inserted = await tx.run(
    'insert into subscription_end (account_id, ended_at, delete_at) values ($1, $2, $3) on conflict do nothing',
    [accountId, end.endedAt, end.deleteAt],
  );
  return inserted === 1;
}

export async function deleteSubscriptionEnd(tx: Tx, accountId: RowId): Promise<boolean> {
  return (await tx.run('delete from subscription_end where account_id = $1', [accountId])) === 1;
}

export interface DueEnd extends SubscriptionEnd {
  readonly accountId: RowId;
  readonly reminders: number;
}

/** Ended accounts of which a reminder or the end is due, and that are not being deleted yet. @param daysBefore of each reminder */
export const readDueEnds = (
  sql: Sql,
  { now, daysBefore, after, limit }: RoundPart & { readonly now: Date; readonly daysBefore: readonly number[] },
): Promise<DueEnd[]> =>
  sql.rows<DueEnd>(
    `select e.account_id as "accountId", e.ended_at as "endedAt", e.delete_at as "deleteAt", e.reminders
      from subscription_end e
     where (e.delete_at <= $1 or e.delete_at - make_interval(days => ($2::int[])[e.reminders + 1]) <= $1)
       and not exists (select from account_erasure x where x.account_id = e.account_id and x.state <> 'asked')
       and e.account_id > $4 order by e.account_id limit $3`,
    [now, daysBefore, limit, after],
  );

/** @returns false when another process was first, or the subscription was taken up again */
export async function countReminder(tx: Tx, { accountId, reminders }: DueEnd): Promise<boolean> {
  const counted = await tx.run(
    'update subscription_end set reminders = reminders + 1 where account_id = $1 and reminders = $2',
    [accountId, reminders],
  );
  return counted === 1;
}
