import type { Sql } from '../sql.types';

export interface UnownedSealed {
  readonly entryId: string;
  readonly leadUuid: string;
  readonly pageUuid: string;
  readonly bucket: number;
  readonly keyVersion: number;
  readonly dekWrapped: Buffer;
  readonly psidCt: Buffer;
  readonly openingCt: Buffer;
}

/** Openings of people that do not show whose they are, by id. */
export const readUnownedSealed = (sql: Sql, after: string, limit: number): Promise<UnownedSealed[]> =>
  sql.rows(
    `select o.entry_id as "entryId", o.opening_ct as "openingCt", l.public_id as "leadUuid", p.public_id as "pageUuid",
       k.bucket, k.key_version as "keyVersion", k.dek_wrapped as "dekWrapped", k.psid_ct as "psidCt"
      from ledger_opening o join lead l on l.id = o.lead_id join lead_key k on k.lead_id = l.id
        join page p on p.id = l.page_id
     where o.owner_mac is null and o.opening_ct is not null and o.entry_id > $1 order by o.entry_id limit $2`,
    [after, limit],
  );

export interface UnownedClear {
  readonly entryId: string;
  readonly accountUuid: string | null;
  readonly opening: Buffer;
  /** Meta's ids of the Pages of the account. */
  readonly metaPageIds: readonly string[];
}

/** The same of entries that stand in clear. */
export const readUnownedClear = (sql: Sql, after: string, limit: number): Promise<UnownedClear[]> =>
  sql.rows(
    `select o.entry_id as "entryId", o.opening, a.public_id as "accountUuid",
       array(select p.meta_page_id from page p where p.account_id = o.account_id) as "metaPageIds"
      from ledger_opening o left join account a on a.id = o.account_id
     where o.owner_mac is null and o.opening is not null and o.entry_id > $1
       and (o.account_id is null) = (a.id is null) order by o.entry_id limit $2`,
    [after, limit],
  );

/** @returns how many were without one until now */
export const writeOwners = (
  sql: Sql,
  rows: readonly { readonly entryId: string; readonly ownerMac: Buffer }[],
): Promise<number> =>
  sql.run(
    `update ledger_opening o set owner_mac = e.mac from unnest($1::uuid[], $2::bytea[]) as e (entry_id, mac)
      where o.entry_id = e.entry_id and o.owner_mac is null`,
    [rows.map(({ entryId }) => entryId), rows.map(({ ownerMac }) => ownerMac)],
  );
