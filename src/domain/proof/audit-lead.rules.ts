import { CLOCK_SKEW_MS } from '../../kernel/clock';
import {
  leftTokenBehind,
  type AuditedFacts,
  type ChainLink,
  type Fault,
  type LeadClaims,
  type Replayed,
} from './audit-chain.rules';

/** The moment of the audit, as milliseconds. */
export type Now = number;

/** Any comparison with a time that is none is false, and so a fault. */
const msOf = (time: string): number => Date.parse(time);

const eventsOf = (chain: readonly ChainLink[], kinds: readonly string[]): number[] =>
  chain.flatMap(({ facts }) =>
    kinds.includes(facts.kind) && facts.event_at !== undefined ? [msOf(facts.event_at)] : [],
  );

/**
 * Where the moments in a person's row, what they were shown and their key's traces cannot have come from their chain. Some acts move
 * a moment and write no entry (a STOP said twice); those are held to the bounds that the entries set.
 */
export function memoryFaults(lead: LeadClaims, chain: readonly ChainLink[], now: Replayed, at: Now): Fault[] {
  if (chain.length === 0) return [];
  const faults: readonly (readonly [holds: boolean, ...Fault])[] = [
    [
      canHaveActed(lead, chain, now, at),
      'lead_explicit_act',
      "a person's row has a last act of consent that the ledger rules out",
    ],
    [
      canHaveLeft(lead, now, at),
      'lead_withdrawal',
      "a person's row has a time of withdrawal that the ledger rules out",
    ],
    [wasShown(lead, chain), 'lead_notice', "a person's row has been shown another wording than the ledger says"],
    [
      holdsToken(lead, chain) || leftTokenBehind(lead, chain),
      'lead_token',
      "a person's row has another permission of Meta, or another time of it, than the ledger",
    ],
    [
      lead.psid === chain[0]?.facts.psid && lead.isPlaced,
      'lead_psid',
      "a person's row holds, or is found by, another id than the ledger has",
    ],
    [
      lead.isWebTokenOwn,
      'lead_web_token',
      "a person's row has another address of their unsubscribe page than their key makes",
    ],
  ];
  return faults.flatMap(([holds, what, sentence]): Fault[] => (holds ? [] : [[what, sentence]]));
}

/** A person who has left can have said yes no later than they left; whoever never said yes has no such moment. */
function canHaveActed(lead: LeadClaims, chain: readonly ChainLink[], { grant, withdrawal }: Replayed, at: Now) {
  const known = eventsOf(chain, ['consent', 're_opt_in']);
  if (lead.explicitActAt === null) return known.length === 0;
  const acted = msOf(lead.explicitActAt);
  if (grant === null && withdrawal === null) return false;
  const isSoonEnough = grant === null ? acted <= msOf(lead.withdrawnAt ?? '') : acted <= at + CLOCK_SKEW_MS;
  return isSoonEnough && acted >= Math.max(-Infinity, ...known);
}

/** No earlier than the withdrawal that is logged, and before the return that followed it. */
function canHaveLeft({ withdrawnAt }: LeadClaims, { grant, withdrawal }: Replayed, at: Now): boolean {
  if (withdrawal === null) return withdrawnAt === null;
  if (withdrawnAt === null) return false;
  const { event_at, at: writtenAt } = withdrawal.facts;
  const earliest = event_at === undefined ? msOf(writtenAt) - CLOCK_SKEW_MS : msOf(event_at);
  const left = msOf(withdrawnAt);
  const returned = grant?.facts.event_at;
  return left >= earliest && (returned === undefined ? left <= at + CLOCK_SKEW_MS : left < msOf(returned));
}

/** The row keeps the newest version that was shown. */
function wasShown({ isNoticeShown, noticeVersion }: LeadClaims, chain: readonly ChainLink[]): boolean {
  const versions = chain.flatMap(({ facts }) =>
    facts.kind === 'notice_shown' && facts.notice !== undefined ? [facts.notice.version] : [],
  );
  if (versions.length === 0) return isNoticeShown === null && noticeVersion === null;
  return isNoticeShown === true && noticeVersion === Math.max(...versions);
}

/** Before there was a signed log, a renewal in the same state left no entry: then the row is newer than the log, and only its order is known. */
function holdsToken({ token }: LeadClaims, chain: readonly ChainLink[]): boolean {
  const links = chain.filter(({ facts }) => facts.kind === 'token').map(({ facts }) => facts);
  const last = links.at(-1);
  if (last === undefined) return token.at === null && token.expiresAt === null && token.sha256 === null;
  const heard = links.findLast(({ event_at }) => event_at !== undefined)?.event_at;
  if (token.at === null || heard === undefined || !(msOf(token.at) >= msOf(heard))) return false;
  const isRenewed = last.state !== 'expired' && msOf(token.at) > msOf(heard);
  return isRenewed ? isReadable(token) : isTokenOf(token, last);
}

/** Stands for what is stored and cannot be opened. */
export const UNREADABLE = 'unreadable';

const isReadable = ({ expiresAt, sha256 }: LeadClaims['token']): boolean =>
  sha256 !== null && sha256 !== UNREADABLE && (expiresAt === null || !Number.isNaN(msOf(expiresAt)));

const isTokenOf = ({ expiresAt, sha256 }: LeadClaims['token'], { expires, token_sha256 }: AuditedFacts): boolean =>
  expiresAt === (expires ?? null) && sha256 === token_sha256;
