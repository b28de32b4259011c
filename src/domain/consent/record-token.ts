import { createHash } from 'node:crypto';
import { sealField } from '../../kernel/crypto/field-cipher';
import { updateMarketingToken, type OpenLead } from '../leads';
import type { Tx } from '../sql.types';
import { appendLeadEntry, type AppendDeps, type EntryPage } from './append-entry';
import { evidenceOf } from './evidence.rules';
import { keepEvidence, type EventEvidence } from './record-consent';

export interface TokenEvent {
  readonly page: EntryPage;
  readonly status: 'granted' | 'renewed' | 'stopped' | 'resumed';
  /** Meta's key for marketing messages to this person. */
  readonly token: string;
  readonly expiresAt: Date | null;
  readonly eventAt: Date;
  readonly evidence: EventEvidence;
}

/**
 * Logs a change of the person's marketing-message permission at Meta and keeps the token, sealed. One that happened
 * before the last one known changes nothing.
 */
export async function recordToken(tx: Tx, deps: AppendDeps, lead: OpenLead, event: TokenEvent): Promise<OpenLead> {
  const { marketingTokenAt } = lead.row;
  if (marketingTokenAt !== null && marketingTokenAt >= event.eventAt) return lead;
  await updateMarketingToken(tx, lead.row.id, {
    tokenCt: sealField(lead.dek, { table: 'lead', column: 'marketing_token_ct', row: lead.row.uuid }, event.token),
    state: event.status,
    expiresAt: event.expiresAt,
    at: event.eventAt,
  });
  // Also where the state stays: a refreshed token is another one, and lives longer.
  const appended = await appendLeadEntry(tx, deps, lead, event.page, {
    kind: 'token',
    state: event.status,
    expiresAt: event.expiresAt,
    tokenSha256: createHash('sha256').update(event.token).digest(),
    inbound: { eventAt: event.eventAt, evidence: evidenceOf(event.evidence.body, event.evidence.segmentIndex) },
  });
  await keepEvidence(tx, lead, event.evidence);
  const row = { ...appended.lead.row, marketingTokenAt: event.eventAt, marketingTokenState: event.status };
  return { ...appended.lead, row };
}
