import type { RowId, Sql, Tx } from '../sql.types';
import type { LeadKeyRow } from './lead.types';

/** Waits for everyone who is looking up or making a lead of the bucket, and keeps others out until the transaction ends. */
export async function lockBucket(tx: Tx, pageId: RowId, bucket: number): Promise<number | undefined> {
  const row = await tx.first<{ version: number }>(
    `select key_version as version from key_bucket where page_id = $1 and bucket = $2 for update`,
    [pageId, bucket],
  );
  return row?.version;
}

export type BucketRow = LeadKeyRow & { readonly leadId: RowId; readonly uuid: string };

export function readBucket(tx: Tx, pageId: RowId, bucket: number): Promise<BucketRow[]> {
  return tx.rows<BucketRow>(
    `select k.lead_id as "leadId", l.public_id as uuid, k.bucket, k.key_version as "keyVersion",
       k.dek_wrapped as "dekWrapped", k.psid_ct as "psidCt"
     from lead_key k join lead l on l.id = k.lead_id where k.page_id = $1 and k.bucket = $2 order by k.lead_id`,
    [pageId, bucket],
  );
}

export interface RewrappedKey {
  readonly leadId: RowId;
  readonly psidIndex: Buffer;
  readonly dekWrapped: Buffer;
}

export async function storeVersion(
  tx: Tx,
  pageId: RowId,
  bucket: number,
  version: number,
  keys: readonly RewrappedKey[],
): Promise<void> {
  await tx.run(
    `update lead_key k set key_version = $1, psid_index = n.psid_index, dek_wrapped = n.dek_wrapped
     from unnest($2::bigint[], $3::bytea[], $4::bytea[]) as n (lead_id, psid_index, dek_wrapped) where k.lead_id = n.lead_id`,
    [version, keys.map((key) => key.leadId), keys.map((key) => key.psidIndex), keys.map((key) => key.dekWrapped)],
  );
  await tx.run(`update key_bucket set key_version = $3 where page_id = $1 and bucket = $2`, [pageId, bucket, version]);
}

export function readVersions(
  sql: Sql,
  pageId: RowId,
  buckets: readonly number[],
): Promise<{ bucket: number; version: number }[]> {
  return sql.rows(
    `select bucket, key_version as version from key_bucket where page_id = $1 and bucket = any($2::smallint[])`,
    [pageId, buckets],
  );
}
