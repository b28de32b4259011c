import { CLOCK_SKEW_MS } from '../../kernel/clock';
import type { LeadStatus } from '../lead-status.types';
import type { EntryFacts } from './proof.types';

/** What the body of an entry says, as far as an audit needs to know. */
export interface AuditedFacts extends EntryFacts {
  /** Of a `token` entry. */
  readonly expires?: string | null;
  readonly token_sha256?: string;
}

/** An entry of a person's chain, opened. */
export interface ChainLink {
  readonly entryId: string;
  /** Leaf; null while it waits for one. */
  readonly index: number | null;
  readonly commitment: Buffer;
  readonly facts: AuditedFacts;
}

/** What a person's row says that their chain says too. */
export interface LeadClaims {
  readonly status: LeadStatus;
  /** An erasure of theirs waits to delete the row: until then it says nothing but that. */
  readonly isErasureOpen: boolean;
  readonly subjectRef: Buffer;
  readonly metaPageId: string | null;
  readonly chainN: number;
  readonly chainHead: Buffer | null;
  readonly consentEntry: string | null;
  readonly consentCommitment: Buffer | null;
  readonly consentN: number | null;
  readonly optedInAt: RowTime;
  readonly explicitActAt: RowTime;
  readonly withdrawnAt: RowTime;
  readonly withdrawalCommitment: Buffer | null;
  readonly marketingTokenState: string | null;
  readonly token: { readonly at: RowTime; readonly expiresAt: RowTime; readonly sha256: string | null };
  /** Null for a row without a time; false for one that is none. */
  readonly isNoticeShown: boolean | null;
  readonly noticeVersion: number | null;
  /** Null when it cannot be opened. */
  readonly psid: string | null;
  /** The person is found by that id, in that bucket. */
  readonly isPlaced: boolean;
  readonly isWebTokenOwn: boolean;
  /** When they came back from an archive. Meta's own permission stayed behind then. */
  readonly returnedAt: RowTime;
}

/** As entries write times; another text for one that no entry could write. */
export type RowTime = string | null;

/** Code and sentence of a finding. */
export type Fault = readonly [what: string, sentence: string];

/** What is wrong with an entry in its place behind the one before it; null when nothing is. */
export function chainFault(
  { index, facts }: ChainLink,
  before: ChainLink | null,
  lead: Pick<LeadClaims, 'subjectRef' | 'metaPageId'>,
): Fault | null {
  const { n, prev } = facts.subject;
  const known = before?.facts.subject.n ?? 0;
  if (before !== null && n === known) return ['chain_forked', `a person's chain has two entries with the number ${n}`];
  if (n !== known + 1) return ['chain_gap', `a person's chain lacks what comes before entry ${n}`];
  if (prev !== (before?.commitment.toString('hex') ?? null))
    return ['chain_broken', `entry ${n} of a person's chain does not follow the one before it`];
  if (isOfAnother(facts, before, lead))
    return ['chain_subject', `entry ${n} is of another person or Page than the row says`];
  return isAhead(index, before)
    ? ['chain_order', `entry ${n} of a person's chain has its leaf before an earlier entry`]
    : null;
}

const isOfAnother = (
  { psid, page, subject }: AuditedFacts,
  before: ChainLink | null,
  lead: Pick<LeadClaims, 'subjectRef' | 'metaPageId'>,
): boolean =>
  psid !== (before?.facts.psid ?? psid) || subject.ref !== lead.subjectRef.toString('hex') || page !== lead.metaPageId;

/** A leaf that comes before that of an earlier entry, which may have none yet. */
const isAhead = (index: number | null, before: ChainLink | null): boolean =>
  before !== null && index !== null && (before.index ?? Infinity) > index;

export interface Replayed {
  readonly statuses: readonly LeadStatus[];
  /** The entry that permits broadcasts. */
  readonly grant: ChainLink | null;
  /** The newest entry that ever did. */
  readonly lastGrant: ChainLink | null;
  readonly withdrawal: ChainLink | null;
  readonly token: string | null;
}

const NOTHING: Replayed = {
  statuses: ['reply_only', 'suppressed'],
  grant: null,
  lastGrant: null,
  withdrawal: null,
  token: null,
};

const isGrant = ({ facts }: ChainLink): boolean => facts.purposes?.includes('marketing.broadcast') === true;

/** The wish never to be written to again, for which a mark is kept. Their row goes with the erasure that it was said in. */
const isObjection = ({ facts }: ChainLink): boolean => facts.kind === 'object';

/** What a person's row must say after these entries. */
export function replay(chain: readonly ChainLink[]): Replayed {
  let now = NOTHING;
  for (const link of chain) {
    const { kind, state } = link.facts;
    if (kind === 'withdraw') now = { ...now, statuses: ['unsubscribed'], grant: null, withdrawal: link };
    else if (kind === 'token') now = { ...now, token: state ?? null };
    else if (isGrant(link)) now = { ...now, statuses: ['subscribed'], grant: link, lastGrant: link };
  }
  return now;
}

/** Whether the row names the end of the chain. */
export function namesEnd({ chainN, chainHead }: LeadClaims, chain: readonly ChainLink[]): boolean {
  const last = chain.at(-1);
  return chainN === (last?.facts.subject.n ?? 0) && isSame(chainHead, last);
}

/** Where a person's row says something else than their chain. */
export function rowFaults(lead: LeadClaims, chain: readonly ChainLink[], now: Replayed): Fault[] {
  const faults: readonly (readonly [holds: boolean, ...Fault])[] = [
    [chain.length > 0, 'chain_empty', 'a person is stored of whom the ledger knows nothing'],
    [namesEnd(lead, chain), 'lead_chain', "a person's row names another end of the chain than the ledger has"],
    [hasStatus(lead, now), 'lead_status', "a person's status is not what the ledger says"],
    [namesGrant(lead, now), 'lead_consent', "a person's row names another consent than the ledger has"],
    [namesTime(lead, now), 'lead_consent', "a person's row has another time of opt-in than the ledger"],
    [
      isSame(lead.withdrawalCommitment, now.withdrawal ?? undefined),
      'lead_withdrawal',
      "a person's row names another withdrawal than the ledger has",
    ],
    [
      lead.marketingTokenState === now.token || leftTokenBehind(lead, chain),
      'lead_token',
      "a person's row has Meta's permission in another state than the ledger",
    ],
  ];
  return faults.flatMap(([holds, what, sentence]): Fault[] => (holds ? [] : [[what, sentence]]));
}

/** Whoever came back holds no permission of Meta until it is given anew. */
export function leftTokenBehind(
  { returnedAt, marketingTokenState, token }: LeadClaims,
  chain: readonly ChainLink[],
): boolean {
  const isEmpty = [marketingTokenState, token.at, token.expiresAt, token.sha256].every((value) => value === null);
  const tokens = chain.filter(({ facts }) => facts.kind === 'token');
  return isEmpty && returnedAt !== null && tokens.every(({ facts }) => Date.parse(facts.at) <= Date.parse(returnedAt));
}

const hasStatus = ({ status, isErasureOpen }: LeadClaims, { statuses }: Replayed): boolean =>
  isErasureOpen ? status === 'erasing' : statuses.includes(status);

const namesGrant = (lead: LeadClaims, { grant }: Replayed): boolean =>
  lead.consentEntry === (grant?.entryId ?? null) &&
  isSame(lead.consentCommitment, grant ?? undefined) &&
  lead.consentN === (grant?.facts.subject.n ?? null);

const namesTime = ({ optedInAt }: LeadClaims, { lastGrant }: Replayed): boolean =>
  optedInAt === (lastGrant?.facts.event_at ?? null);

const isSame = (stored: Buffer | null, link: ChainLink | undefined): boolean =>
  stored === null ? link === undefined : link?.commitment.equals(stored) === true;

/** An authorised message, as far as consent is concerned. */
export interface MessageClaims {
  readonly consentEntry: string;
  /** Length of the person's chain when it was authorised. */
  readonly subjectN: number;
  /** By the database's clock. */
  readonly claimedAt: Date;
  /** Leaf of the entry that authorised it; null while it waits. */
  readonly sendsIndex: number | null;
}

/** Whether the consent a message names was there when it was authorised. */
export function consentFault(
  { consentEntry, subjectN, sendsIndex, claimedAt }: MessageClaims,
  chain: readonly ChainLink[],
): Fault | null {
  const before = chain.filter(({ facts }) => facts.subject.n <= subjectN);
  const then = replay(before);
  if (then.grant?.entryId !== consentEntry || before.some(isObjection))
    return ['message_unconsented', 'a message was authorised without the consent it names'];
  if (sendsIndex === null) return null;
  if ((then.grant.index ?? Infinity) > sendsIndex)
    return ['message_unconsented', 'a message was authorised before the consent it names was in the log'];
  const left = chain.some((link) => {
    const { index, facts } = link;
    const isPassedOver = (facts.kind === 'withdraw' || isObjection(link)) && facts.subject.n > subjectN;
    // An entry that was kept back gets a late leaf, and says when it was written all the same.
    const isEarlier = claimedAt.getTime() - new Date(facts.at).getTime() > CLOCK_SKEW_MS;
    return isPassedOver && ((index !== null && index < sendsIndex) || isEarlier);
  });
  return left ? ['message_withdrawn', 'a message was authorised after the person had withdrawn'] : null;
}
