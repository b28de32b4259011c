import type { KeptLeadKey } from '../keyring.types';
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

export interface WrappedBucket {
  /** Whether the rows of the bucket are under that version. */
  readonly isInForce: boolean;
  readonly keys: readonly KeptLeadKey[];
}

/** The wrapped keys of a bucket's leads, read in one statement: all of them are of one moment. */
export async function readWrapped(sql: Sql, pageId: RowId, bucket: number, version: number): Promise<WrappedBucket> {
  const rows = await sql.rows<{ leadUuid: string | null; dekWrapped: Buffer | null }>(
    `select l.public_id as "leadUuid", k.dek_wrapped as "dekWrapped"
      from key_bucket b left join lead_key k on k.page_id = b.page_id and k.bucket = b.bucket and k.key_version = b.key_version
        left join lead l on l.id = k.lead_id
     where b.page_id = $1 and b.bucket = $2 and b.key_version = $3 order by k.lead_id`,
    [pageId, bucket, version],
  );
  const keys = rows.flatMap(({ leadUuid, dekWrapped }) =>
    leadUuid === null || dekWrapped === null ? [] : [{ leadUuid, dekWrapped }],
  );
  return { isInForce: rows.length > 0, keys };
}

export const readPages = (sql: Sql): Promise<{ readonly id: RowId; readonly uuid: string }[]> =>
  sql.rows('select id, public_id as uuid from page where not is_ending order by id');

/** Buckets that were rotated at least once. */
export const readRotated = (sql: Sql, pageId: RowId): Promise<{ bucket: number; version: number }[]> =>
  sql.rows(
    'select bucket, key_version as version from key_bucket where page_id = $1 and key_version > 1 order by bucket',
    [pageId],
  );
