import type { RowId, Sql, Tx } from '../sql.types';
import type { RecipientKind, Receives } from './recipients.types';

export interface StoredRecipient {
  readonly id: RowId;
  readonly uuid: string;
  readonly kind: RecipientKind;
  readonly receives: Receives;
  readonly definitionCt: Buffer;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
  readonly disclosedAt: Date | null;
}

const COLUMNS = `r.id, r.public_id as uuid, r.kind, r.receives, r.definition_ct as "definitionCt", r.created_at as "createdAt",
  r.ended_at as "endedAt", r.disclosed_at as "disclosedAt"`;

export interface NewRecipient {
  readonly uuid: string;
  readonly accountId: RowId;
  readonly kind: RecipientKind;
  readonly receives: Receives;
  readonly definitionCt: Buffer;
  readonly secretCt: Buffer;
  readonly createdAt: Date;
}

/** Under an id that is known it is given another secret: its making was cut off before the secret was shown. */
export const insertRecipient = (tx: Tx, recipient: NewRecipient): Promise<StoredRecipient | undefined> =>
  tx.first<StoredRecipient>(
    `insert into recipient as r (public_id, account_id, kind, receives, definition_ct, secret_ct, created_at)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (public_id) do update
       set kind = excluded.kind, receives = excluded.receives, definition_ct = excluded.definition_ct,
         secret_ct = excluded.secret_ct
       where r.account_id = excluded.account_id and r.disclosed_at is null and r.ended_at is null
     returning ${COLUMNS}`,
    [
      recipient.uuid,
      recipient.accountId,
      recipient.kind,
      recipient.receives,
      recipient.definitionCt,
      recipient.secretCt,
      recipient.createdAt,
    ],
  );

export const findRecipient = (sql: Sql, accountId: RowId, uuid: string): Promise<StoredRecipient | undefined> =>
  sql.first<StoredRecipient>(`select ${COLUMNS} from recipient r where r.account_id = $1 and r.public_id = $2`, [
    accountId,
    uuid,
  ]);

export const listRecipients = (
  sql: Sql,
  accountId: RowId,
  after: string | null,
  limit: number,
): Promise<StoredRecipient[]> =>
  sql.rows<StoredRecipient>(
    `select ${COLUMNS} from recipient r
      where r.account_id = $1
        and r.id > coalesce((select id from recipient where public_id = $2::uuid and account_id = $1), 0)
      order by r.id limit $3`,
    [accountId, after, limit],
  );

/** @returns the recipient, also when it had ended before; undefined when the account has no such one */
export const endRecipient = (tx: Tx, accountId: RowId, uuid: string, at: Date): Promise<StoredRecipient | undefined> =>
  tx.first<StoredRecipient>(
    `update recipient r set ended_at = coalesce(r.ended_at, $3) where r.account_id = $1 and r.public_id = $2
     returning ${COLUMNS}`,
    [accountId, uuid, at],
  );

/** Holds back those who end it. */
export const shareRecipient = (tx: Tx, accountId: RowId, uuid: string): Promise<StoredRecipient | undefined> =>
  tx.first<StoredRecipient>(
    `select ${COLUMNS} from recipient r where r.account_id = $1 and r.public_id = $2 for share`,
    [accountId, uuid],
  );

/** People of these whom nobody is erasing, in the order in which leads are locked; held as they are until the transaction ends. */
export async function shareLeads(tx: Tx, accountId: RowId, leadUuids: readonly string[]): Promise<ToldLead[]> {
  return tx.rows<ToldLead>(
    `select id, public_id as uuid from lead
      where account_id = $1 and public_id = any($2::uuid[]) and status <> 'erasing' order by id for share`,
    [accountId, leadUuids],
  );
}

export interface ToldLead {
  readonly id: RowId;
  readonly uuid: string;
}

export async function insertDisclosures(
  tx: Tx,
  recipientId: RowId,
  leadIds: readonly RowId[],
  at: Date,
): Promise<void> {
  await tx.run(
    `insert into disclosure as d (lead_id, recipient_id, first_at, last_at)
     select l.id, $1, $3, $3 from unnest($2::bigint[]) as l (id)
     on conflict (lead_id, recipient_id) do update set last_at = greatest(d.last_at, excluded.last_at)`,
    [recipientId, leadIds, at],
  );
  await tx.run(`update recipient set disclosed_at = greatest(disclosed_at, $2) where id = $1`, [recipientId, at]);
}

export interface DisclosedTo extends StoredRecipient {
  readonly firstAt: Date | null;
  readonly lastAt: Date | null;
  readonly secretCt: Buffer;
}

/** Whoever has a person's data: by a disclosure that is recorded, or because it gets everybody's and they were there before its end. */
export const readRecipientsOf = (sql: Sql, accountId: RowId, leadId: RowId): Promise<DisclosedTo[]> =>
  sql.rows<DisclosedTo>(
    `select ${COLUMNS}, r.secret_ct as "secretCt", d.first_at as "firstAt", d.last_at as "lastAt"
      from recipient r join lead l on l.id = $2 left join disclosure d on d.recipient_id = r.id and d.lead_id = l.id
     where r.account_id = $1
       and (d.lead_id is not null or (r.receives = 'everyone' and l.created_at <= coalesce(r.ended_at, 'infinity')))
     order by r.id`,
    [accountId, leadId],
  );

/** Whoever has, or had, anybody's data of an account. */
export const readRecipientsOfAccount = (
  sql: Sql,
  accountId: RowId,
): Promise<(StoredRecipient & { readonly secretCt: Buffer })[]> =>
  sql.rows(
    `select ${COLUMNS}, r.secret_ct as "secretCt" from recipient r
      where r.account_id = $1 and (r.receives = 'everyone' or r.disclosed_at is not null) order by r.id`,
    [accountId],
  );

export async function readMetaPageIds(sql: Sql, accountId: RowId): Promise<string[]> {
  const rows = await sql.rows<{ id: string }>(
    'select meta_page_id as id from page where account_id = $1 order by meta_page_id',
    [accountId],
  );
  return rows.map(({ id }) => id);
}
