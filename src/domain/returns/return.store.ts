import type { OptInMode } from '../lead-status.types';
import type { LeadPage } from '../leads';
import type { ReturningRow } from '../proof';
import type { RowId, Tx } from '../sql.types';

export interface KnownPage extends LeadPage {
  readonly optInMode: OptInMode;
  readonly isConnected: boolean;
}

/** Every row of these Pages, of whatever account, held as it is until the transaction ends. */
export const sharePages = (tx: Tx, metaPageIds: readonly string[]): Promise<KnownPage[]> =>
  tx.rows(
    `select id, public_id as uuid, account_id as "accountId", meta_page_id as "metaPageId", opt_in_mode as "optInMode",
       state <> 'disconnected' as "isConnected"
      from page where meta_page_id = any($1::text[]) order by id for share`,
    [metaPageIds],
  );

export interface LockedLeaf {
  readonly index: number;
  readonly state: 'open' | 'erased' | 'closed' | 'lost';
  /** What shows as what it was closed; null of an open one. */
  readonly closedMac: Buffer | null;
  /** What shows that a chain ended there; null where none did that could come back. */
  readonly chainEndMac: Buffer | null;
}

export async function lockLeaves(tx: Tx, indexes: readonly number[]): Promise<LockedLeaf[]> {
  const rows = await tx.rows<Omit<LockedLeaf, 'index'> & { readonly index: string }>(
    `select leaf_index as index, state, closed_mac as "closedMac", chain_end_mac as "chainEndMac" from ledger_leaf
      where leaf_index = any($1::bigint[]) order by leaf_index for update`,
    [indexes],
  );
  return rows.map((row) => ({ ...row, index: Number(row.index) }));
}

export async function isSuppressed(tx: Tx, pageId: RowId, personMac: Buffer): Promise<boolean> {
  const row = await tx.first('select from suppression where page_id = $1 and person_mac = $2', [pageId, personMac]);
  return row !== undefined;
}

export interface ReturnedOpening {
  readonly entryId: string;
  readonly index: number;
  readonly openingCt: Buffer;
  readonly ownerMac: Buffer;
}

/** Gives closed leaves their way to entries again. @returns how many leaves opened */
export async function insertOpenings(
  tx: Tx,
  { leadId, accountId }: { readonly leadId: RowId; readonly accountId: RowId },
  openings: readonly ReturnedOpening[],
): Promise<number> {
  const entryIds = openings.map(({ entryId }) => entryId);
  await tx.run(
    `insert into ledger_opening (entry_id, lead_id, account_id, opening_ct, owner_mac)
     select e.id, $1, $2, e.ct, e.mac from unnest($3::uuid[], $4::bytea[], $5::bytea[]) as e (id, ct, mac)`,
    [leadId, accountId, entryIds, openings.map(({ openingCt }) => openingCt), openings.map(({ ownerMac }) => ownerMac)],
  );
  return tx.run(
    `update ledger_leaf f set state = 'open', entry_id = e.id, closed_mac = null, chain_end_mac = null
      from unnest($1::uuid[], $2::bigint[]) as e (id, leaf_index) where f.leaf_index = e.leaf_index and f.state = 'closed'`,
    [entryIds, openings.map(({ index }) => index)],
  );
}

export interface ReturnedChain extends ReturningRow {
  readonly n: number;
  readonly head: Buffer;
  readonly consentEntry: string;
  readonly consentCommitment: Buffer;
  readonly returnedAt: Date;
}

/** What the chain of a lead that was just made says of them. Meta's own permission does not come back. */
export const writeChain = (tx: Tx, leadId: RowId, chain: ReturnedChain): Promise<number> =>
  tx.run(
    `update lead set chain_n = $2, chain_head = $3, consent_entry = $4, consent_commitment = $5, consent_n = $6,
       opted_in_at = $7, explicit_act_at = $8, withdrawn_at = $9, withdrawal_commitment = $10, notice_shown_at = $11,
       notice_version = $12, returned_at = $13 where id = $1`,
    [
      leadId,
      chain.n,
      chain.head,
      chain.consentEntry,
      chain.consentCommitment,
      chain.consentN,
      chain.optedInAt,
      chain.explicitActAt,
      chain.withdrawnAt,
      chain.withdrawalCommitment,
      chain.noticeShownAt,
      chain.noticeVersion,
      chain.returnedAt,
    ],
  );

/** Wordings that the Page, as it is connected now, never had. */
export async function keepWordings(
  tx: Tx,
  pageId: RowId,
  wordings: readonly { readonly sha256: Buffer; readonly body: string }[],
): Promise<void> {
  await tx.run(
    `insert into returned_notice (page_id, sha256, body)
     select $1, w.sha256, w.body from unnest($2::bytea[], $3::text[]) as w (sha256, body)
      where not exists (select from notice n where n.page_id = $1 and n.sha256 = w.sha256)
     order by w.sha256 on conflict do nothing`,
    [pageId, wordings.map(({ sha256 }) => sha256), wordings.map(({ body }) => body)],
  );
}
