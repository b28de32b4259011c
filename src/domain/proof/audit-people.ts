import { batchesOf } from '../../kernel/batches';
import type { Clock } from '../../kernel/clock';
import { openField, type FieldPlace } from '../../kernel/crypto/field-cipher';
import { parseCanonicalJson } from '../../kernel/crypto/jcs';
import { sha256 } from '../../kernel/crypto/merkle';
import { isSameMac } from '../../kernel/crypto/short-mac';
import { InvariantError } from '../../kernel/errors';
import { commitment, leadOpeningMac, NONCE_BYTES, openingPlace } from '../consent';
import { psidPlace, webToken, webTokenSha256 } from '../leads';
import type { RowId, Tx } from '../sql.types';
import {
  chainFault,
  namesEnd,
  replay,
  rowFaults,
  type AuditedFacts,
  type ChainLink,
  type LeadClaims,
} from './audit-chain.rules';
import { auditEvidence, envelopeBudget, type EnvelopeBudget } from './audit-evidence';
import type { EndingPages } from './audit-ending';
import type { AuditKeys } from './audit-keys';
import { memoryFaults, UNREADABLE } from './audit-lead.rules';
import { auditMessages, auditStrayMessages } from './audit-messages';
import { BEFORE_ALL, readChains, readLeadIds, readLeads, type AuditedLead, type ChainRow } from './audit-people.store';
import { UNSHOWN, type Report } from './audit.types';

const BATCH_LEADS = 50;

export interface AuditPeopleDeps {
  readonly logOrigin: string;
  readonly clock: Clock;
  readonly keys: AuditKeys;
  /** The log holds leaves of people who were erased. */
  readonly isErasing: boolean;
  /** See `ToldFacts`. */
  readonly firstKeyLeaf: number | null;
  readonly ending: EndingPages;
  /** Of the MAC that shows whose an opening is. */
  readonly ownerKey: Buffer;
}

export interface AuditedPeople {
  readonly people: number;
  readonly messages: number;
}

/** Every person's chain and evidence, what their row makes of it, and every message that was authorised to them. */
export async function auditPeople(tx: Tx, deps: AuditPeopleDeps, report: Report): Promise<AuditedPeople> {
  let [people, messages] = [0, 0];
  const budget = envelopeBudget();
  const batches = batchesOf<RowId>((last) => readLeadIds(tx, deps.ending.ids, last ?? BEFORE_ALL, BATCH_LEADS));
  for await (const ids of batches) {
    people += ids.length;
    messages += await auditBatch(tx, { ...deps, budget }, ids, report);
  }
  await auditStrayMessages(tx, deps, report);
  return { people, messages };
}

/** @returns how many messages were rebuilt */
async function auditBatch(
  tx: Tx,
  deps: AuditPeopleDeps & { readonly budget: EnvelopeBudget },
  ids: readonly RowId[],
  report: Report,
): Promise<number> {
  const rows = await readChains(tx, ids);
  const leads = (await readLeads(tx, ids)).map((lead) => {
    const dek = deps.keys.open(lead);
    if (dek === null) return { lead, claims: { ...lead, ...NOTHING_OPENED }, dek, chain: [] };
    const own = rows.filter(({ leadId }) => leadId === lead.id);
    const isShown = (row: ChainRow, { entryId, facts }: ChainLink): boolean =>
      isSameMac(
        row.ownerMac,
        leadOpeningMac(deps.ownerKey, {
          entryId,
          pageUuid: lead.pageUuid ?? '',
          leadUuid: lead.uuid,
          n: facts.subject.n,
        }),
      );
    return { lead, claims: claimsOf(deps.keys, dek, lead), dek, chain: openChain(dek, own, isShown, report) };
  });
  for (const { lead, claims, dek, chain } of leads) {
    const isWhole = dek !== null && lead.isOwn;
    if (!isWhole) report('lead_key', null, null, 'a person has no key, or another one than their Page has for them');
    auditChain(claims, chain, deps.clock.now().getTime(), report);
  }
  await auditEvidence(tx, leads, deps.budget, report);
  return auditMessages(tx, deps, leads, report);
}

const NOTHING_OPENED = {
  token: { at: null, expiresAt: null, sha256: null },
  psid: null,
  isPlaced: false,
  isWebTokenOwn: false,
};

/** What a person's row says, with what it holds sealed. */
function claimsOf(keys: AuditKeys, dek: Buffer, lead: AuditedLead): LeadClaims {
  const psid = openOrNull(dek, psidPlace(lead.uuid), lead.psidCt)?.toString('utf8') ?? null;
  const token = openOrNull(dek, marketingTokenPlace(lead.uuid), lead.tokenCt);
  const digest = token === null ? UNREADABLE : sha256(token).toString('hex');
  return {
    ...lead,
    token: { at: lead.tokenAt, expiresAt: lead.tokenExpiresAt, sha256: lead.tokenCt === null ? null : digest },
    psid,
    isPlaced: keys.isPlaced(lead, { ...lead, psid }),
    isWebTokenOwn: webTokenSha256(webToken(dek)).equals(lead.webTokenSha256),
  };
}

const marketingTokenPlace = (row: string): FieldPlace => ({ table: 'lead', column: 'marketing_token_ct', row });

function openOrNull(dek: Buffer, place: FieldPlace, sealed: Buffer | null): Buffer | null {
  if (sealed === null) return null;
  try {
    return openField(dek, place, sealed);
  } catch (error) {
    if (error instanceof InvariantError) return null;
    throw error;
  }
}

/** What can be opened, in the order of the chain; what cannot is reported with its leaf. */
function openChain(
  dek: Buffer,
  rows: readonly ChainRow[],
  isShown: (row: ChainRow, link: ChainLink) => boolean,
  report: Report,
): ChainLink[] {
  return rows
    .flatMap((row): ChainLink[] => {
      const link = openLink(dek, row);
      if (link === null) return [];
      if (row.waiting?.equals(link.commitment) === false)
        report('opening_changed', null, row.entryId, 'the opening of a waiting entry is not what waits');
      if (!row.isOwn)
        report('opening_owner', link.index, row.entryId, 'an opening names another account than its person');
      else if (!isShown(row, link)) report('opening_owner', link.index, row.entryId, UNSHOWN);
      return [link];
    })
    .sort((a, b) => a.facts.subject.n - b.facts.subject.n || (a.index ?? Infinity) - (b.index ?? Infinity));
}

function openLink(dek: Buffer, { entryId, openingCt, index }: ChainRow): ChainLink | null {
  const opening = openOrNull(dek, openingPlace(entryId), openingCt);
  if (opening === null) return null;
  try {
    const body = opening.subarray(0, -NONCE_BYTES);
    const facts = parseCanonicalJson(body) as AuditedFacts;
    const made = commitment(body, opening.subarray(-NONCE_BYTES));
    return { entryId, index: index === null ? null : Number(index), commitment: made, facts };
  } catch (error) {
    if (error instanceof InvariantError) return null;
    throw error;
  }
}

function auditChain(lead: LeadClaims, chain: readonly ChainLink[], at: number, report: Report): void {
  for (const [at, link] of chain.entries()) {
    const fault = chainFault(link, chain[at - 1] ?? null, lead);
    if (fault !== null) report(fault[0], link.index, link.entryId, fault[1]);
  }
  const last = chain.at(-1);
  // Where the row names another end, no entry is at fault that is known.
  const named = namesEnd(lead, chain) ? last : undefined;
  const now = replay(chain);
  for (const [what, sentence] of [...rowFaults(lead, chain, now), ...memoryFaults(lead, chain, now, at)])
    report(what, named?.index ?? null, named?.entryId ?? null, sentence);
}
