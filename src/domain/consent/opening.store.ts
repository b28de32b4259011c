import type { RowId, Sql, Tx } from '../sql.types';

export interface PendingEntry {
  readonly entryId: string;
  readonly commitment: Buffer;
  readonly mac: Buffer;
  readonly macKeyId: number;
}

export interface ChainLink {
  readonly leadId: RowId;
  readonly accountId: RowId;
  readonly openingCt: Buffer;
  /** Shows whose it is. */
  readonly ownerMac: Buffer;
  /** Length of the person's chain with this entry. */
  readonly n: number;
}

/** An entry, its opening and the person's new chain head: one statement, so that none of them is ever without the others. */
export async function insertLeadEntry(tx: Tx, pending: PendingEntry, link: ChainLink): Promise<number> {
  return tx.run(
    `with opening as (
       insert into ledger_opening (entry_id, lead_id, account_id, opening_ct, owner_mac) values ($1, $2, $3, $4, $9)
     ), pending as (
       insert into ledger_pending (entry_id, commitment, mac, mac_key_id) values ($1, $5, $6, $7)
     )
     update lead set chain_n = $8, chain_head = $5 where id = $2 and chain_n = $8 - 1`,
    [
      pending.entryId,
      link.leadId,
      link.accountId,
      link.openingCt,
      pending.commitment,
      pending.mac,
      pending.macKeyId,
      link.n,
      link.ownerMac,
    ],
  );
}

export interface ClearOpening {
  readonly accountId: RowId | null;
  readonly opening: Buffer;
  /** Shows whose it is. */
  readonly ownerMac: Buffer;
}

export async function insertSystemEntry(
  tx: Tx,
  pending: PendingEntry,
  { accountId, opening, ownerMac }: ClearOpening,
): Promise<void> {
  await tx.run(
    `with opening as (
       insert into ledger_opening (entry_id, lead_id, account_id, opening, owner_mac) values ($1, null, $2, $3, $7)
     )
     insert into ledger_pending (entry_id, commitment, mac, mac_key_id) values ($1, $4, $5, $6)`,
    [pending.entryId, accountId, opening, pending.commitment, pending.mac, pending.macKeyId, ownerMac],
  );
}

export interface SendsRow {
  readonly entryId: string;
  readonly broadcastId: RowId;
  readonly pageId: RowId;
  /** 32 bytes for each position, one after the other. */
  readonly commitments: Buffer;
}

export async function insertSends(tx: Tx, row: SendsRow): Promise<void> {
  await tx.run(`insert into ledger_sends (entry_id, broadcast_id, page_id, commitments) values ($1, $2, $3, $4)`, [
    row.entryId,
    row.broadcastId,
    row.pageId,
    row.commitments,
  ]);
}

export function readOpenings(sql: Sql, leadId: RowId): Promise<{ entryId: string; openingCt: Buffer }[]> {
  return sql.rows(
    `select entry_id as "entryId", opening_ct as "openingCt" from ledger_opening where lead_id = $1 and opening_ct is not null`,
    [leadId],
  );
}
