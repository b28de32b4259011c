import { chainFault, replay, type ChainLink, type Replayed } from './audit-chain.rules';
import type { ChainRefusal, ReturningEntry, ReturningPerson, ReturningRow } from './returning.types';

type Judged = Omit<ReturningPerson, 'events'>;

/**
 * Whether somebody may come back by their chain: it is whole, it is theirs, and it ends in consent. Of its entries it is known that they
 * are in this log at the leaves they name.
 */
export function judgeChain(entries: readonly ReturningEntry[]): Judged | ChainRefusal {
  const first = entries[0];
  if (first === undefined || !isOneChain(entries)) return 'proof_broken';
  if (entries.some(({ facts }) => facts.kind === 'object')) return 'objected';
  const links = entries.map((entry): ChainLink => ({ ...entry, entryId: '' }));
  const { grant, withdrawal } = replay(links);
  if (grant === null) return withdrawal === null ? 'no_consent' : 'unsubscribed';
  const row = rowOf(entries, grant, withdrawal);
  if (row === null) return 'proof_broken';
  return {
    psid: first.facts.psid,
    metaPageId: first.facts.page,
    subjectRef: Buffer.from(first.facts.subject.ref, 'hex'),
    entries,
    row,
    isExplicit: grant.facts.kind !== 'opt_in',
    wordings: [...new Set(entries.flatMap(({ facts }) => facts.notice?.sha256 ?? []))],
  };
}

function isOneChain(entries: readonly ReturningEntry[]): boolean {
  const links = entries.map((entry): ChainLink => ({ ...entry, entryId: '' }));
  const facts = links[0]?.facts;
  const lead = { subjectRef: Buffer.from(facts?.subject.ref ?? '', 'hex'), metaPageId: facts?.page ?? null };
  return links.every((link, at) => chainFault(link, links[at - 1] ?? null, lead) === null);
}

const timesOf = (entries: readonly ReturningEntry[], kinds: readonly string[]): number[] =>
  entries.flatMap(({ facts: { kind, event_at: at } }) =>
    at !== undefined && kinds.includes(kind) ? [Date.parse(at)] : [],
  );

const latest = (times: readonly number[]): Date | null => (times.length === 0 ? null : new Date(Math.max(...times)));

function rowOf(
  entries: readonly ReturningEntry[],
  grant: ChainLink,
  left: Replayed['withdrawal'],
): ReturningRow | null {
  const [first] = entries;
  const grantedAt = Date.parse(grant.facts.event_at ?? '');
  if (first === undefined || Number.isNaN(grantedAt)) return null;
  const shown = entries.flatMap(({ facts }) => (facts.kind === 'notice_shown' ? [facts] : []));
  return {
    createdAt: new Date(first.facts.at),
    optedInAt: new Date(grantedAt),
    explicitActAt: latest(timesOf(entries, ['consent', 're_opt_in'])),
    withdrawnAt: left === null ? null : leftAt(left, grantedAt),
    withdrawalCommitment: left?.commitment ?? null,
    consentN: grant.facts.subject.n,
    noticeShownAt: latest(shown.map(({ at }) => Date.parse(at))),
    noticeVersion: shown.length === 0 ? null : Math.max(...shown.map(({ notice }) => notice?.version ?? 0)),
  };
}

/** A withdrawal without a message of the person has the time of our clock, which may be ahead of that of the return. */
const leftAt = ({ facts }: ChainLink, returnedAt: number): Date =>
  new Date(Math.min(Date.parse(facts.event_at ?? facts.at), returnedAt - 1));
