import { sealField, type FieldPlace } from '../../kernel/crypto/field-cipher';
import { InvariantError } from '../../kernel/errors';
import type { OpenLead } from '../leads';
import { noticeInForce, type Notice } from '../pages';
import type { RowId, Tx } from '../sql.types';
import { appendLeadEntry, type AppendDeps, type AppendedLeadEntry, type EntryPage } from './append-entry';
import { insertWithdrawn, updateConsent, type ConsentColumns } from './consent.store';
import type { ConsentState, PlannedEntry } from './consent.rules';
import { evidenceOf, hasPlainEnvelope, listedPieces, type SignedBody } from './evidence.rules';
import { insertEvidence, type EvidenceRow } from './evidence.store';
import type { LeadEntry } from './ledger/entry-body.types';

export const DEFAULT_LANGUAGE = 'en';

export interface ConsentPage extends EntryPage {
  readonly id: RowId;
  readonly basis: string;
}

/** The event an entry rests on. */
export interface EventEvidence {
  readonly body: SignedBody;
  /** Index of the event among the segments of the body. */
  readonly segmentIndex: number;
}

export interface ConsentChange {
  readonly page: ConsentPage;
  readonly state: ConsentState;
  readonly entries: readonly PlannedEntry[];
  /** When the person acted. */
  readonly eventAt: Date;
  /** Null for what was not a message of the person: a click on the web page, an admin, the API. */
  readonly evidence: EventEvidence | null;
  /** The `ref` the person came with. */
  readonly ref: string | null;
}

export const evidencePlace = (deliveryId: string, position: number): FieldPlace => ({
  table: 'evidence_segment',
  column: 'bytes',
  row: `${deliveryId}:${position}`,
});

/**
 * Writes what was decided about a person's consent: the ledger entries with their evidence, and the lead's row.
 *
 * Needs the lead locked in this transaction.
 */
export async function recordConsent(
  tx: Tx,
  deps: AppendDeps,
  lead: OpenLead,
  change: ConsentChange,
): Promise<OpenLead> {
  let current = lead;
  let columns: ConsentColumns = { ...grantOf(lead), ...stateOf(change.state) };
  const notice = change.entries.some((entry) => entry.kind !== 'withdraw')
    ? await readNotice(tx, lead, change.page)
    : null;
  for (const planned of change.entries) {
    const entry = toLeadEntry(planned, change, notice, columns.withdrawalCommitment);
    const appended = await appendLeadEntry(tx, deps, current, change.page, entry);
    current = appended.lead;
    if (planned.kind === 'withdraw') await insertWithdrawn(tx, lead.row.id, appended.n);
    columns = { ...columns, ...columnsAfter(planned, appended, change.eventAt) };
  }
  if (change.evidence !== null && change.entries.some(keepsEvent)) await keepEvidence(tx, lead, change.evidence);
  await updateConsent(tx, lead.row.id, columns);
  return { ...current, row: { ...current.row, ...columns } };
}

const stateOf = ({ status, explicitActAt, withdrawnAt }: ConsentState): ConsentState => ({
  status,
  explicitActAt,
  withdrawnAt,
});

function grantOf({ row }: OpenLead): Omit<ConsentColumns, keyof ConsentState> {
  const { consentEntry, consentCommitment, consentN, optedInAt, withdrawalCommitment } = row;
  return { consentEntry, consentCommitment, consentN, optedInAt, withdrawalCommitment };
}

const keepsEvent = (entry: PlannedEntry): boolean => entry.kind !== 'opt_in' || entry.keepWords;

/** Keeps the bytes of this person's event under their key, and the bytes around the events, which name nobody, in clear. */
export async function keepEvidence(tx: Tx, lead: OpenLead, { body, segmentIndex }: EventEvidence): Promise<void> {
  const rows: EvidenceRow[] = [];
  const keepsEnvelope = hasPlainEnvelope(body);
  for (const { place, position, reference } of listedPieces(body, segmentIndex)) {
    const bytes = body.segments[place]?.bytes ?? Buffer.alloc(0);
    if (reference.kind === 'p' && keepsEnvelope) rows.push({ position, kind: 'p', leadId: null, bytes });
    if (place !== segmentIndex) continue;
    const opening = Buffer.concat([bytes, body.nonces.get(place) ?? Buffer.alloc(0)]);
    const sealed = sealField(lead.dek, evidencePlace(body.deliveryId, position), opening);
    rows.push({ position, kind: 'e', leadId: lead.row.id, bytes: sealed });
  }
  await insertEvidence(tx, body.deliveryId, rows);
}

async function readNotice(tx: Tx, lead: OpenLead, page: ConsentPage): Promise<Notice> {
  const notice = await noticeInForce(tx, page.id, lead.row.locale ?? DEFAULT_LANGUAGE);
  if (notice === undefined) throw new InvariantError('notice_missing', 'a connected Page has no notice in force');
  return notice;
}

function toLeadEntry(
  planned: PlannedEntry,
  change: ConsentChange,
  notice: Notice | null,
  withdrawal: Buffer | null,
): LeadEntry {
  const inbound = inboundOf(change);
  if (planned.kind === 'withdraw') return { kind: 'withdraw', via: planned.via, inbound };
  if (notice === null || inbound === null) {
    throw new InvariantError('consent_without_evidence', 'consent rests on a signed webhook and a notice, or is none');
  }
  const given = {
    ...inbound,
    notice,
    purposes: [planned.kind === 'opt_in' ? planned.purpose : 'marketing.broadcast'] as const,
  };
  if (planned.kind === 'consent') return { kind: 'consent', via: planned.via, ...given };
  const optIn = { ...given, basis: change.page.basis, ...(change.ref === null ? {} : { ref: change.ref }) };
  if (planned.kind === 'opt_in') return { kind: 'opt_in', via: planned.via, ...optIn };
  if (withdrawal === null) throw new InvariantError('withdrawal_missing', 'a return without the withdrawal it follows');
  return { kind: 're_opt_in', via: planned.via, after: withdrawal, ...optIn };
}

const inboundOf = ({ evidence, eventAt }: ConsentChange) =>
  evidence === null ? null : { eventAt, evidence: evidenceOf(evidence.body, evidence.segmentIndex) };

function columnsAfter(planned: PlannedEntry, appended: AppendedLeadEntry, eventAt: Date): Partial<ConsentColumns> {
  if (planned.kind === 'withdraw') {
    return { consentEntry: null, consentCommitment: null, consentN: null, withdrawalCommitment: appended.commitment };
  }
  if (planned.kind === 'opt_in' && planned.purpose === 'reply') return {};
  return {
    consentEntry: appended.entryId,
    consentCommitment: appended.commitment,
    consentN: appended.n,
    optedInAt: eventAt,
  };
}
