import type { ClosedState } from '../ledger';
import type { RowId, Tx } from '../sql.types';

interface LeafColumns {
  /** PostgreSQL's bigint comes as text. */
  readonly index: string;
  readonly entryId: string;
  /** What shows whose entry it is; null of one that an earlier release wrote. */
  readonly ownerMac: Buffer | null;
}

export interface LeadLeaf extends LeafColumns {
  readonly leadId: RowId;
  readonly leadUuid: string;
  readonly pageUuid: string;
}

/** The leaves of what stands as these people's entries, person by person, in the order of the log. */
export const readLeavesOfLeads = (tx: Tx, leadIds: readonly RowId[]): Promise<LeadLeaf[]> =>
  tx.rows(
    `select f.leaf_index as index, o.entry_id as "entryId", o.owner_mac as "ownerMac", l.id as "leadId",
       l.public_id as "leadUuid", p.public_id as "pageUuid"
      from ledger_opening o join ledger_leaf f on f.entry_id = o.entry_id join lead l on l.id = o.lead_id
        join page p on p.id = l.page_id
     where o.lead_id = any($1::bigint[]) order by l.id, f.leaf_index`,
    [leadIds],
  );

export interface AccountLeaf extends LeafColumns {
  readonly accountUuid: string;
}

/** The same of entries in clear that stand as the account's. */
export const readLeavesOfAccount = (tx: Tx, accountId: RowId): Promise<AccountLeaf[]> =>
  tx.rows(
    `select f.leaf_index as index, o.entry_id as "entryId", o.owner_mac as "ownerMac", a.public_id as "accountUuid"
      from ledger_opening o join ledger_leaf f on f.entry_id = o.entry_id join account a on a.id = o.account_id
     where o.account_id = $1 and o.lead_id is null`,
    [accountId],
  );

export interface EndingChain {
  readonly leadId: RowId;
  /** Id of the closing of their Page. */
  readonly closing: string;
}

/** Those of these people who could be written to, on a Page that this deletion closed. */
export const readEndingChains = (
  tx: Tx,
  accountErasureId: RowId,
  pages: readonly { readonly id: RowId; readonly mac: Buffer }[],
  leadIds: readonly RowId[],
): Promise<EndingChain[]> =>
  tx.rows(
    `select l.id as "leadId", c.id as closing
      from lead l
        join unnest($2::bigint[], $3::bytea[]) as p (id, mac) on p.id = l.page_id
        join closed_page c on c.page_mac = p.mac and c.account_erasure_id = $4
     where l.id = any($1::bigint[]) and l.status = 'subscribed' and l.restricted_at is null`,
    [leadIds, pages.map(({ id }) => id), pages.map(({ mac }) => mac), accountErasureId],
  );

export interface ClosedLeafRow {
  readonly index: string;
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
    [state, rows.map(({ index }) => index), rows.map(({ mac }) => mac), rows.map(({ endMac }) => endMac)],
  );
