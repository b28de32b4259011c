import { groupBy } from '../../kernel/group-by';
import { openField } from '../../kernel/crypto/field-cipher';
import { InvariantError } from '../../kernel/errors';
import { eventSegmentHash, evidencePlace, NONCE_BYTES, placesOf } from '../consent';
import type { Tx } from '../sql.types';
import type { ChainLink } from './audit-chain.rules';
import { envelopeFault, isKnownEnvelope, type EvidenceFault } from './audit-evidence.rules';
import type { OpenedLead } from './audit-messages';
import type { Report } from './audit.types';
import { readSegments, type SegmentRow } from './person.store';

/** How many envelopes of which nothing is kept may still be looked into: each costs a tenth of a second. */
export interface EnvelopeBudget {
  left: number;
}

/** Enough to name the first, and an audit of a log of millions still ends. */
export const envelopeBudget = (): EnvelopeBudget => ({ left: 100 });

/** Whether the webhooks that entries rest on are still kept, and are what the entries say. */
export async function auditEvidence(
  tx: Tx,
  people: readonly OpenedLead[],
  budget: EnvelopeBudget,
  report: Report,
): Promise<void> {
  const rows = await readSegments(
    tx,
    people.map(({ lead }) => lead.id),
  );
  const around = groupBy(
    rows.filter(({ leadId }) => leadId === null),
    ({ deliveryId }) => deliveryId,
  );
  const events = groupBy(
    rows.filter(({ leadId }) => leadId !== null),
    ({ leadId }) => leadId,
  );
  for (const { lead, dek, chain } of people) {
    if (dek === null) continue;
    const own = events.get(lead.id) ?? [];
    const kept = new Map(own.flatMap((row) => hashOf(dek, row)));
    for (const link of chain.filter(keepsEvent)) {
      const fault = evidenceFault(link, kept, around, budget);
      if (fault !== null)
        report(fault, link.index, link.entryId, 'a webhook that an entry rests on is not what it was');
    }
    const named = new Set(chain.flatMap(eventHash));
    if (kept.size < own.length || [...kept.keys()].some((hash) => !named.has(hash)))
      report(
        'evidence_extra',
        null,
        null,
        'a piece of a webhook is stored for a person, and no entry of theirs names it',
      );
  }
}

/** The first words of somebody who has not agreed to anything are not kept. */
const keepsEvent = ({ facts }: ChainLink): boolean =>
  facts.evidence !== undefined && (facts.kind !== 'opt_in' || facts.purposes?.includes('marketing.broadcast') === true);

function eventHash({ facts: { evidence } }: ChainLink): string[] {
  const hash = evidence?.segs[evidence.i]?.[2];
  return hash === undefined ? [] : [hash];
}

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
  { facts }: ChainLink,
  kept: ReadonlyMap<string, SegmentRow>,
  around: ReadonlyMap<string, readonly SegmentRow[]>,
  budget: EnvelopeBudget,
): EvidenceFault | null {
  const { evidence } = facts;
  if (evidence === undefined) return null;
  const event = kept.get(evidence.segs[evidence.i]?.[2] ?? '');
  if (event === undefined) return 'evidence_missing';
  if (!evidence.segs.some(([kind]) => kind === 'p')) return null;
  const places = placesOf(evidence.segs);
  if (event.position !== places[evidence.i]) return 'evidence_changed';
  const pieces = around.get(event.deliveryId) ?? [];
  if (pieces.length > 0) return envelopeFault(evidence, pieces, places);
  if (budget.left === 0) return null;
  budget.left -= 1;
  return isKnownEnvelope(facts, evidence) ? 'evidence_missing' : null;
}
