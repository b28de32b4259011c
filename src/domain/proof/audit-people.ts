import { openField } from '../../kernel/crypto/field-cipher';
import { parseCanonicalJson } from '../../kernel/crypto/jcs';
import { InvariantError } from '../../kernel/errors';
import { commitment, NONCE_BYTES, openingPlace } from '../consent';
import type { RowId, Tx } from '../sql.types';
import { chainFault, namesEnd, replay, rowFaults, type ChainLink } from './audit-chain.rules';
import { auditEvidence } from './audit-evidence';
import type { AuditKeys } from './audit-keys';
import { auditMessages, auditStrayMessages, type OpenedLead } from './audit-messages';
import { BEFORE_ALL, readChains, readLeadIds, readLeads, type AuditedLead, type ChainRow } from './audit-people.store';
import type { Report } from './audit.types';
import type { EntryFacts } from './proof.types';

const BATCH_LEADS = 50;

export interface AuditPeopleDeps {
  readonly logOrigin: string;
  readonly keys: AuditKeys;
  /** The log holds leaves of people who were erased. */
  readonly isErasing: boolean;
}

export interface AuditedPeople {
  readonly people: number;
  readonly messages: number;
}

/** Every person's chain and evidence, what their row makes of it, and every message that was authorised to them. */
export async function auditPeople(tx: Tx, deps: AuditPeopleDeps, report: Report): Promise<AuditedPeople> {
  let [people, messages] = [0, 0];
  for (let after: RowId = BEFORE_ALL; ;) {
    const ids = await readLeadIds(tx, after, BATCH_LEADS);
    const last = ids.at(-1);
    if (last === undefined) break;
    after = last;
    people += ids.length;
    messages += await auditBatch(tx, deps, ids, report);
  }
  await auditStrayMessages(tx, deps.isErasing, report);
  return { people, messages };
}

/** @returns how many messages were rebuilt */
async function auditBatch(tx: Tx, deps: AuditPeopleDeps, ids: readonly RowId[], report: Report): Promise<number> {
  const rows = await readChains(tx, ids);
  const leads = (await readLeads(tx, ids)).map((lead): OpenedLead => {
    const dek = deps.keys.open(lead);
    const own = dek === null ? [] : rows.filter(({ leadId }) => leadId === lead.id);
    return { lead, dek, chain: dek === null ? [] : openChain(dek, own, report) };
  });
  for (const { lead, dek, chain } of leads) {
    const isWhole = dek !== null && lead.isOwn;
    if (!isWhole) report('lead_key', null, null, 'a person has no key, or another one than their Page has for them');
    auditChain(lead, chain, report);
  }
  await auditEvidence(tx, leads, report);
  return auditMessages(tx, deps, leads, report);
}

/** What can be opened, in the order of the chain; what cannot is reported with its leaf. */
function openChain(dek: Buffer, rows: readonly ChainRow[], report: Report): ChainLink[] {
  return rows
    .flatMap((row): ChainLink[] => {
      const link = openLink(dek, row);
      if (link === null) return [];
      if (row.waiting?.equals(link.commitment) === false)
        report('opening_changed', null, row.entryId, 'the opening of a waiting entry is not what waits');
      if (!row.isOwn)
        report('opening_owner', link.index, row.entryId, 'an opening names another account than its person');
      return [link];
    })
    .sort((a, b) => a.facts.subject.n - b.facts.subject.n || (a.index ?? Infinity) - (b.index ?? Infinity));
}

function openLink(dek: Buffer, { entryId, openingCt, index }: ChainRow): ChainLink | null {
  if (openingCt === null) return null;
  try {
    const opening = openField(dek, openingPlace(entryId), openingCt);
    const body = opening.subarray(0, -NONCE_BYTES);
    const facts = parseCanonicalJson(body) as EntryFacts;
    const made = commitment(body, opening.subarray(-NONCE_BYTES));
    return { entryId, index: index === null ? null : Number(index), commitment: made, facts };
  } catch (error) {
    if (error instanceof InvariantError) return null;
    throw error;
  }
}

function auditChain(lead: AuditedLead, chain: readonly ChainLink[], report: Report): void {
  for (const [at, link] of chain.entries()) {
    const fault = chainFault(link, chain[at - 1] ?? null, lead);
    if (fault !== null) report(fault[0], link.index, link.entryId, fault[1]);
  }
  const last = chain.at(-1);
  // Where the row names another end, no entry is at fault that is known.
  const named = namesEnd(lead, chain) ? last : undefined;
  for (const [what, sentence] of rowFaults(lead, chain, replay(chain)))
    report(what, named?.index ?? null, named?.entryId ?? null, sentence);
}
