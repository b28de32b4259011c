import { openField } from '../../kernel/crypto/field-cipher';
import { sha256 } from '../../kernel/crypto/merkle';
import { InvariantError } from '../../kernel/errors';
import { eventSegmentHash, evidencePlace, NONCE_BYTES } from '../consent';
import type { Tx } from '../sql.types';
import type { ChainLink } from './audit-chain.rules';
import type { OpenedLead } from './audit-messages';
import type { Report } from './audit.types';
import { readSegments, type SegmentRow } from './person.store';

/** Whether the webhooks that entries rest on are still kept, and are what the entries say. */
export async function auditEvidence(tx: Tx, people: readonly OpenedLead[], report: Report): Promise<void> {
  const rows = await readSegments(
    tx,
    people.map(({ lead }) => lead.id),
  );
  const around = rows.filter(({ leadId }) => leadId === null);
  for (const { lead, dek, chain } of people) {
    if (dek === null) continue;
    const events = rows.filter(({ leadId }) => leadId === lead.id);
    const kept = new Map(events.flatMap((row) => hashOf(dek, row)));
    for (const link of chain.filter(keepsEvent)) {
      const fault = evidenceFault(link, kept, around);
      if (fault !== null)
        report(fault, link.index, link.entryId, 'a webhook that an entry rests on is not what it was');
    }
  }
}

/** The first words of somebody who has not agreed to anything are not kept. */
const keepsEvent = ({ facts }: ChainLink): boolean =>
  facts.evidence !== undefined && (facts.kind !== 'opt_in' || facts.purposes?.includes('marketing.broadcast') === true);

function hashOf(dek: Buffer, row: SegmentRow): [string, SegmentRow][] {
  try {
    const opened = openField(dek, evidencePlace(row.deliveryId, row.position), row.bytes);
    const hash = eventSegmentHash(opened.subarray(0, -NONCE_BYTES), opened.subarray(-NONCE_BYTES));
    return [[hash.toString('hex'), row]];
  } catch (error) {
    if (error instanceof InvariantError) return [];
    throw error;
  }
}

function evidenceFault(
  { facts: { evidence } }: ChainLink,
  kept: ReadonlyMap<string, SegmentRow>,
  around: readonly SegmentRow[],
): 'evidence_missing' | 'evidence_changed' | null {
  if (evidence === undefined) return null;
  const event = kept.get(evidence.segs[evidence.i]?.[2] ?? '');
  if (event === undefined) return 'evidence_missing';
  // A body in many pieces is told of in three, and none of the outer two is kept.
  if (!evidence.segs.some(([kind]) => kind === 'p')) return null;
  const isSame =
    event.position === evidence.i &&
    around
      .filter(({ deliveryId }) => deliveryId === event.deliveryId)
      .every(({ position, bytes }) => evidence.segs[position]?.[2] === sha256(bytes).toString('hex'));
  return isSame ? null : 'evidence_changed';
}
