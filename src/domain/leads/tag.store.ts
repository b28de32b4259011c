import type { RowId, Sql, Tx } from '../sql.types';

export interface TagRow {
  readonly id: RowId;
  readonly nameIndex: Buffer;
  readonly nameCt: Buffer;
}

export function findTags(sql: Sql, accountId: RowId, nameIndexes: readonly Buffer[]): Promise<TagRow[]> {
  return sql.rows<TagRow>(
    `select id, name_index as "nameIndex", name_ct as "nameCt" from tag where account_id = $1 and name_index = any($2::bytea[])`,
    [accountId, nameIndexes],
  );
}

export function readTags(sql: Sql, accountId: RowId, ids: readonly RowId[]): Promise<TagRow[]> {
  return sql.rows<TagRow>(
    `select id, name_index as "nameIndex", name_ct as "nameCt" from tag where account_id = $1 and id = any($2::bigint[])`,
    [accountId, ids],
  );
}

/** Every tag of an account in the order of its row. */
export function listTags(sql: Sql, accountId: RowId, afterId: RowId, limit: number): Promise<TagRow[]> {
  return sql.rows<TagRow>(
    `select id, name_index as "nameIndex", name_ct as "nameCt" from tag where account_id = $1 and id > $2 order by id limit $3`,
    [accountId, afterId, limit],
  );
}

export async function insertTags(
  tx: Tx,
  accountId: RowId,
  tags: readonly { readonly nameIndex: Buffer; readonly nameCt: Buffer }[],
): Promise<void> {
  await tx.run(
    `insert into tag (account_id, name_index, name_ct)
     select $1, t.name_index, t.name_ct from unnest($2::bytea[], $3::bytea[]) as t (name_index, name_ct)
     order by t.name_index on conflict on constraint tag_name_key do nothing`,
    [accountId, tags.map((tag) => tag.nameIndex), tags.map((tag) => tag.nameCt)],
  );
}

/** @returns the leads of the account among these, locked in the order of their rows */
export async function lockOwnLeads(tx: Tx, accountId: RowId, leadUuids: readonly string[]): Promise<RowId[]> {
  const rows = await tx.rows<{ id: RowId }>(
    `select id from lead where account_id = $1 and public_id = any($2::uuid[]) and status <> 'erasing'
      order by id for update`,
    [accountId, leadUuids],
  );
  return rows.map((row) => row.id);
}

export async function replaceTags(tx: Tx, leadId: RowId, tagIds: readonly RowId[]): Promise<void> {
  await tx.run(`update lead set tag_ids = $2::bigint[] where id = $1`, [leadId, tagIds]);
}

/** Adds and removes; a lead that would carry more than `most` tags is left as it was. */
export function changeTags(
  tx: Tx,
  leadIds: readonly RowId[],
  add: readonly RowId[],
  remove: readonly RowId[],
  most: number,
): Promise<number> {
  return tx.run(
    `update lead set tag_ids = c.tags from (
       select l.id, array(
         select t from unnest(l.tag_ids || $2::bigint[]) as t where t <> all ($3::bigint[]) group by t order by t
       ) as tags from lead l where l.id = any ($1::bigint[])
     ) c where lead.id = c.id and cardinality(c.tags) <= $4`,
    [leadIds, add, remove, most],
  );
}
