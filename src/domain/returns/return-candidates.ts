import { sealField } from '../../kernel/crypto/field-cipher';
import { isSameMac } from '../../kernel/crypto/short-mac';
import { groupBy } from '../../kernel/group-by';
import { InvariantError } from '../../kernel/errors';
import { evidencePlace, insertEvidence, leadOpeningMac, openingPlace, type AppendDeps } from '../consent';
import { closedPageMac, findClosedPage } from '../erasure';
import { chainEndMac, closedLeafMac } from '../ledger';
import { createLead, lockLeadAt, onRing, placePerson, type OpenLead, type PersonPlace } from '../leads';
import { suppressionMac } from '../pages';
import type { RowId, Tx } from '../sql.types';
import {
  insertOpenings,
  isSuppressed,
  keepWordings,
  lockLeaves,
  sharePages,
  writeChain,
  type KnownPage,
  type LockedLeaf,
} from './return.store';
import type { Candidate, Outcome, Refusal } from './returns.types';

export interface ReturnBatch {
  readonly accountId: RowId;
  readonly candidates: readonly Candidate[];
  readonly wordings: ReadonlyMap<string, string>;
}

export interface ReturnedBatch {
  readonly outcomes: Outcome[];
  /** Leaves that opened again. */
  readonly leaves: number;
}

/**
 * Makes leads of those of these people who may come back by what the database says now. Runs inside `leadTransaction`.
 *
 * Locks are taken in the order Pages, buckets, closed Pages, leaves; what deletes an account or a person keeps to it.
 */
export async function returnCandidates(tx: Tx, deps: AppendDeps, batch: ReturnBatch): Promise<ReturnedBatch> {
  const { candidates } = batch;
  const pages = groupBy(await sharePages(tx, [...new Set(candidates.map(({ metaPageId }) => metaPageId))]), metaIdOf);
  const refused: Refusal[] = [];
  const fit = candidates.flatMap((person) => {
    const page = pageFor(batch.accountId, pages.get(person.metaPageId) ?? [], person);
    if (typeof page !== 'string') return [{ person, page }];
    refused.push(page);
    return [];
  });
  const placed = await placeAll(tx, deps, fit);
  const facts = await readFacts(tx, deps, placed);
  const outcomes: Outcome[] = [];
  let leaves = 0;
  for (const one of placed) {
    const refusal = await refusalOf(tx, deps, one, facts);
    if (refusal === null) leaves += await returnOne(tx, deps, one, batch.wordings);
    outcomes.push(refusal ?? 'returned');
  }
  return { outcomes: [...refused, ...outcomes], leaves };
}

const metaIdOf = ({ metaPageId }: KnownPage): string => metaPageId;

/** The Page of this account to which somebody would come back. */
function pageFor(accountId: RowId, rows: readonly KnownPage[], { isExplicit }: Candidate): KnownPage | Refusal {
  const own = rows.find((row) => row.accountId === accountId);
  if (own?.isConnected !== true) return 'page_not_connected';
  // Whoever has, or had, the Page may have heard from people what is not known here.
  if (rows.some((row) => row.accountId !== accountId)) return 'page_elsewhere';
  return own.optInMode === 'explicit' && !isExplicit ? 'not_explicit' : own;
}

interface Fit {
  readonly person: Candidate;
  readonly page: KnownPage;
}

interface Placed extends Fit {
  readonly place: PersonPlace;
}

/** In the order in which whoever locks several buckets takes them. */
async function placeAll(tx: Tx, deps: AppendDeps, fit: readonly Fit[]): Promise<Placed[]> {
  const inOrder = fit
    .map((one) => ({
      ...one,
      bucket: onRing(one.page.uuid, () => deps.keyRing.bucketOf(one.page.uuid, one.person.psid)),
    }))
    .sort((a, b) => Number(a.page.id) - Number(b.page.id) || a.bucket - b.bucket);
  const placed: Placed[] = [];
  for (const { person, page } of inOrder)
    placed.push({ person, page, place: await placePerson(tx, deps, page, person.psid) });
  return placed;
}

interface Facts {
  /** By Meta's id of the Page; null when nobody comes back to it. */
  readonly closings: ReadonlyMap<string, string | null>;
  readonly leaves: ReadonlyMap<number, LockedLeaf>;
}

async function readFacts(tx: Tx, { keyRing, clock }: AppendDeps, placed: readonly Placed[]): Promise<Facts> {
  const closings = new Map<string, string | null>();
  for (const { metaPageId } of placed.map(({ page }) => page)) {
    if (closings.has(metaPageId)) continue;
    const closing = await findClosedPage(tx, closedPageMac(keyRing, metaPageId), clock.now());
    closings.set(metaPageId, closing?.id ?? null);
  }
  const indexes = placed.flatMap(({ person }) => person.entries.map(({ index }) => index));
  const leaves = await lockLeaves(tx, indexes);
  return { closings, leaves: new Map(leaves.map((leaf) => [leaf.index, leaf])) };
}

async function refusalOf(
  tx: Tx,
  deps: AppendDeps,
  { person, page, place }: Placed,
  { closings, leaves }: Facts,
): Promise<Exclude<Outcome, 'returned'> | null> {
  const known = await lockLeadAt(tx, deps, page, place);
  if (known !== null) return known.row.subjectRef.equals(person.subjectRef) ? 'already' : 'known_again';
  const key = deps.keyRing.systemKey('closed-leaf');
  const states = person.entries.map(({ index }) => provenState(key, leaves.get(index)));
  if (states.includes('erased')) return 'erased';
  if (states.some((state) => state !== 'closed')) return 'not_closed';
  const closing = closings.get(page.metaPageId) ?? null;
  if (closing === null) return 'page_not_closed';
  if (!isChainEnd(key, leaves.get(person.entries.at(-1)?.index ?? -1), closing)) return 'went_on';
  const mac = onRing(page.uuid, () => suppressionMac(deps.keyRing, page.uuid, person.psid));
  return (await isSuppressed(tx, page.id, mac)) ? 'suppressed' : null;
}

/** Of a leaf whose row says something else than whoever closed it: lost, as if there were none. */
function provenState(key: Buffer, leaf: LockedLeaf | undefined): LockedLeaf['state'] {
  if (leaf === undefined || leaf.state === 'open') return leaf?.state ?? 'lost';
  return isSameMac(leaf.closedMac, closedLeafMac(key, leaf.index, leaf.state)) ? leaf.state : 'lost';
}

const isChainEnd = (key: Buffer, leaf: LockedLeaf | undefined, closing: string): boolean =>
  leaf !== undefined && isSameMac(leaf.chainEndMac, chainEndMac(key, leaf.index, closing));

/** @returns how many leaves opened */
async function returnOne(
  tx: Tx,
  deps: AppendDeps,
  { person, page, place }: Placed,
  wordings: ReadonlyMap<string, string>,
): Promise<number> {
  const { psid, subjectRef, entries, row } = person;
  // What they wrote while nobody heard them is not known: no window is open before they write again.
  const contact = { lastInboundAt: null, lastAdMessageAt: null, refIndex: null };
  const lead = await createLead(tx, deps, page, place, {
    psid,
    status: 'subscribed',
    at: row.createdAt,
    contact,
    subjectRef,
  });
  const ownerKey = deps.keyRing.systemKey('opening-owner');
  const openings = entries.map(({ index, body, nonce }, at) => {
    const entryId = deps.ids.uuid();
    const openingCt = sealField(lead.dek, openingPlace(entryId), Buffer.concat([body, nonce]));
    const owner = { entryId, pageUuid: page.uuid, leadUuid: lead.row.uuid, n: at + 1 };
    return { entryId, index, openingCt, ownerMac: leadOpeningMac(ownerKey, owner) };
  });
  const opened = await insertOpenings(tx, { leadId: lead.row.id, accountId: page.accountId }, openings);
  const [last, grant] = [entries.at(-1), entries[row.consentN - 1]];
  const consentEntry = openings[row.consentN - 1]?.entryId;
  if (opened !== entries.length || last === undefined || grant === undefined || consentEntry === undefined)
    throw new InvariantError('return_unfit', 'a chain that was found fit to come back did not come back whole');
  await writeChain(tx, lead.row.id, {
    ...row,
    n: entries.length,
    head: last.commitment,
    consentEntry,
    consentCommitment: grant.commitment,
    returnedAt: deps.clock.now(),
  });
  await keepEvents(tx, deps, lead, person);
  await keepWordings(
    tx,
    page.id,
    person.wordings.map((hash) => ({ sha256: Buffer.from(hash, 'hex'), body: wordings.get(hash) ?? '' })),
  );
  return opened;
}

/** The webhooks that the entries rest on, as they are kept of everybody: the person's own events sealed under their new key. */
async function keepEvents(tx: Tx, { ids }: AppendDeps, lead: OpenLead, { events }: Candidate): Promise<void> {
  for (const { position, opening, around } of events) {
    const deliveryId = ids.uuid();
    const sealed = sealField(lead.dek, evidencePlace(deliveryId, position), opening);
    await insertEvidence(tx, deliveryId, [
      ...around.map((piece) => ({ ...piece, kind: 'p' as const, leadId: null })),
      { position, kind: 'e' as const, leadId: lead.row.id, bytes: sealed },
    ]);
  }
}
