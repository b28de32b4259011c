import { createHash } from 'node:crypto';
import { openField } from '../../kernel/crypto/field-cipher';
import type { KeyRing } from '../keyring.types';
import {
  leadTransaction,
  lockLeadRow,
  markTokenExpired,
  openLead,
  readExpiredTokens,
  readMarketingToken,
} from '../leads';
import type { Database, RowId, Tx } from '../sql.types';
import { appendLeadEntry, type AppendDeps } from './append-entry';

/** Leads looked at in one sweep; the next one takes the rest. */
const BATCH_LEADS = 500;

export interface ExpireTokensDeps extends AppendDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
}

/**
 * Logs that Meta's permission for marketing messages to a person has run out, each in a transaction of its own.
 *
 * @returns how many were logged by this call
 */
export const makeExpireTokens = (deps: ExpireTokensDeps) => async (): Promise<number> => {
  const now = deps.clock.now();
  const found = await readExpiredTokens(deps.db, now, BATCH_LEADS);
  let expired = 0;
  for (const { leadId, page } of found) {
    if (await leadTransaction(deps, (tx) => expireToken(tx, deps, leadId, page, now))) expired += 1;
  }
  return expired;
};

async function expireToken(
  tx: Tx,
  deps: ExpireTokensDeps,
  leadId: RowId,
  page: { readonly uuid: string; readonly metaPageId: string },
  now: Date,
): Promise<boolean> {
  const row = await lockLeadRow(tx, leadId);
  const token = row === undefined ? undefined : await readMarketingToken(tx, leadId, now);
  if (row === undefined || token === undefined) return false;
  const lead = openLead(deps.keyRing, page, row);
  const opened = openField(lead.dek, { table: 'lead', column: 'marketing_token_ct', row: row.uuid }, token.tokenCt);
  await appendLeadEntry(tx, deps, lead, page, {
    kind: 'token',
    state: 'expired',
    expiresAt: token.expiresAt,
    tokenSha256: createHash('sha256').update(opened).digest(),
    inbound: null,
  });
  await markTokenExpired(tx, leadId);
  return true;
}
