import type { ClosedState } from '../ledger';
import type { RowId, Tx } from '../sql.types';

interface LeafColumns {
  /** PostgreSQL's bigint comes as text. */
  readonly index: string;
}

const indexesOf = (rows: readonly LeafColumns[]): string[] => rows.map(({ index }) => index);

export const readLeavesOfLeads = async (tx: Tx, leadIds: readonly RowId[]): Promise<string[]> =>
  indexesOf(
    await tx.rows<LeafColumns>(
      `select f.leaf_index as index from ledger_opening o join ledger_leaf f on f.entry_id = o.entry_id
        where o.lead_id = any($1::bigint[])`,
      [leadIds],
    ),
  );

export const readLeavesOfAccount = async (tx: Tx, accountId: RowId): Promise<string[]> =>
  indexesOf(
    await tx.rows<LeafColumns>(
      `select f.leaf_index as index from ledger_opening o join ledger_leaf f on f.entry_id = o.entry_id
        where o.account_id = $1`,
      [accountId],
    ),
  );

export interface ChainEnd extends LeafColumns {
  /** Id of the closing of their Page. */
  readonly closing: string;
}

/** The last leaf of each of these people who could be written to, on a Page that this deletion closed. */
export const readChainEnds = (
  tx: Tx,
  accountErasureId: RowId,
  pages: readonly { readonly id: RowId; readonly mac: Buffer }[],
  leadIds: readonly RowId[],
): Promise<ChainEnd[]> =>
  tx.rows(
    `select max(o.leaf_index) as index, c.id as closing
      from lead l
        join unnest($2::bigint[], $3::bytea[]) as p (id, mac) on p.id = l.page_id
        join closed_page c on c.page_mac = p.mac and c.account_erasure_id = $4
        join lateral (select x.leaf_index from ledger_opening y join ledger_leaf x on x.entry_id = y.entry_id
          where y.lead_id = l.id) o on true
     where l.id = any($1::bigint[]) and l.status = 'subscribed' and l.restricted_at is null
     group by l.id, c.id`,
    [leadIds, pages.map(({ id }) => id), pages.map(({ mac }) => mac), accountErasureId],
  );

export interface ClosedLeafRow extends LeafColumns {
  readonly mac: Buffer;
  /** Null where no chain ended that could come back. */
  readonly endMac: Buffer | null;
}

/** @returns how many it closed */
export const closeLeafRows = (tx: Tx, state: ClosedState, rows: readonly ClosedLeafRow[]): Promise<number> =>
  tx.run(
    `update ledger_leaf f set state = $1, entry_id = null, closed_mac = e.mac, chain_end_mac = e.end_mac
      from unnest($2::bigint[], $3::bytea[], $4::bytea[]) as e (leaf_index, mac, end_mac)
     where f.leaf_index = e.leaf_index`,
    [state, indexesOf(rows), rows.map(({ mac }) => mac), rows.map(({ endMac }) => endMac)],
  );
