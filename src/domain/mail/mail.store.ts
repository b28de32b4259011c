import type { RowId, Sql, Tx } from '../sql.types';
import type { MailKind, MailState } from './mail.types';

export interface NewMail {
  readonly uuid: string;
  readonly accountId: RowId;
  readonly kind: MailKind;
  readonly state: 'queued' | 'kept';
  readonly keyDay: number;
  readonly keyName: string | null;
  readonly contentCt: Buffer | null;
  readonly at: Date;
}

export const insertMail = (tx: Tx, mail: NewMail): Promise<number> =>
  tx.run(
    `insert into mail (public_id, account_id, kind, state, key_day, key_name, content_ct, due_at, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $8)`,
    [mail.uuid, mail.accountId, mail.kind, mail.state, mail.keyDay, mail.keyName, mail.contentCt, mail.at],
  );

export interface ClaimedMail {
  readonly id: RowId;
  readonly uuid: string;
  readonly kind: MailKind;
  readonly keyDay: number;
  readonly keyName: string | null;
  readonly contentCt: Buffer;
  readonly attempts: number;
  readonly createdAt: Date;
}

/** Takes mails that are due. Whoever dies with one leaves it to be taken again after the lease. */
export const claimMails = (sql: Sql, now: Date, leaseUntil: Date, limit: number): Promise<ClaimedMail[]> =>
  sql.rows(
    `update mail set attempts = attempts + 1, due_at = $2
      where id in (select id from mail where state = 'queued' and due_at <= $1 order by due_at, id limit $3 for update skip locked)
        and content_ct is not null
     returning id, public_id as uuid, kind, key_day as "keyDay", key_name as "keyName", content_ct as "contentCt", attempts,
       created_at as "createdAt"`,
    [now, leaseUntil, limit],
  );

/** Address and words go with the end of a mail. */
export const settleMail = (sql: Sql, id: RowId, state: 'sent' | 'failed', at: Date): Promise<number> =>
  sql.run(
    `update mail set state = $2, content_ct = null, key_name = null, settled_at = $3 where id = $1 and state = 'queued'`,
    [id, state, at],
  );

export const putOffMail = (sql: Sql, id: RowId, dueAt: Date): Promise<number> =>
  sql.run(`update mail set due_at = $2 where id = $1 and state = 'queued'`, [id, dueAt]);

/** Ends all mails of an account that is deleted: they are of no use to it any more. */
export const dropMails = (tx: Tx, accountId: RowId, at: Date): Promise<number> =>
  tx.run(
    `update mail set content_ct = null, key_name = null, settled_at = coalesce(settled_at, $2),
       state = case when state = 'queued' then 'failed' else state end
      where account_id = $1 and content_ct is not null`,
    [accountId, at],
  );

/** What no key opens any more says nothing: it goes, and the row a month later. */
export const wipeMails = (sql: Sql, beforeKeyDay: number, now: Date, deleteBefore: Date): Promise<number> =>
  sql.run(
    `with wiped as (
       update mail set content_ct = null, key_name = null, settled_at = coalesce(settled_at, $2),
         state = case when state = 'queued' then 'failed' else state end
        where key_day < $1 and content_ct is not null)
     delete from mail where created_at < $3`,
    [beforeKeyDay, now, deleteBefore],
  );

export interface MailRow {
  readonly uuid: string;
  readonly kind: MailKind;
  readonly state: MailState;
  readonly keyDay: number;
  readonly keyName: string | null;
  readonly contentCt: Buffer | null;
  readonly attempts: number;
  readonly createdAt: Date;
  readonly settledAt: Date | null;
}

/** Newest first. */
export const readMails = (sql: Sql, accountId: RowId, limit: number): Promise<MailRow[]> =>
  sql.rows(
    `select public_id as uuid, kind, state, key_day as "keyDay", key_name as "keyName", content_ct as "contentCt",
       attempts, created_at as "createdAt", settled_at as "settledAt" from mail where account_id = $1 order by id desc limit $2`,
    [accountId, limit],
  );
