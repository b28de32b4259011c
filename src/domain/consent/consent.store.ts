import type { LeadStatus } from '../lead-status.types';
import type { RowId, Tx } from '../sql.types';

/** The consent side of a lead's row. Everything is the value to be, not a step. */
export interface ConsentColumns {
  readonly status: LeadStatus;
  readonly explicitActAt: Date | null;
  readonly withdrawnAt: Date | null;
  /** The entry that permits broadcasts; null when none does. */
  readonly consentEntry: string | null;
  readonly consentCommitment: Buffer | null;
  readonly consentN: number | null;
  readonly optedInAt: Date | null;
  readonly withdrawalCommitment: Buffer | null;
}

export async function updateConsent(tx: Tx, leadId: RowId, columns: ConsentColumns): Promise<void> {
  await tx.run(
    `update lead set status = $2, explicit_act_at = $3, withdrawn_at = $4, consent_entry = $5, consent_commitment = $6,
       consent_n = $7, opted_in_at = $8, withdrawal_commitment = $9 where id = $1`,
    [
      leadId,
      columns.status,
      columns.explicitActAt,
      columns.withdrawnAt,
      columns.consentEntry,
      columns.consentCommitment,
      columns.consentN,
      columns.optedInAt,
      columns.withdrawalCommitment,
    ],
  );
}

/** Until it is kept beside the key ring. */
export const insertWithdrawn = (tx: Tx, leadId: RowId, chainN: number): Promise<number> =>
  tx.run('insert into ended (lead_id, chain_n) values ($1, $2)', [leadId, chainN]);
