import type { LeadStatus, OptInMode } from '../lead-status.types';
import type { ConsentVia, OptInVia, Purpose, WithdrawVia } from './ledger/entry-body.types';

/** Meta may hand an event over late or with a clock ahead of ours; outside these bounds it never makes a lead. */
const OLDEST_CREATING_MS = 48 * 3_600_000;
export const FURTHEST_AHEAD_MS = 5 * 60_000;

interface Moment {
  /** When the person acted, by the event. */
  readonly at: Date;
  /** When the webhook that carries it arrived. */
  readonly receivedAt: Date;
  /** Whether this kind of event may be the first thing known of a person. */
  readonly creates: boolean;
  /** How a conversation that starts with it came about. */
  readonly startedBy: OptInVia;
  /** Holds words of the person. */
  readonly hasWords: boolean;
}

/** What a person did, as far as consent is concerned. */
export type Act = Moment &
  (
    | { readonly kind: 'stop'; readonly via: WithdrawVia }
    | { readonly kind: 'explicit'; readonly via: ConsentVia }
    | { readonly kind: 'get_started' }
    | { readonly kind: 'ordinary' }
  );

/**
 * The consent side of a lead. Both moments are the greatest event times seen, so that order of arrival does not matter.
 * A stop that is repeated therefore moves `withdrawnAt` on purpose: a return dated before the last stop, and handed over
 * after it, must not count.
 */
export interface ConsentState {
  readonly status: LeadStatus;
  readonly explicitActAt: Date | null;
  readonly withdrawnAt: Date | null;
}

/** What is known of a lead when it acts again. */
export interface KnownLead extends ConsentState {
  /** When Meta accepted a welcome for the person; null keeps them out of every broadcast. */
  readonly noticeShownAt: Date | null;
}

/** Answers that the person has just got or is about to get. Tapping a button again and again earns no more of them. */
export interface AnswersUnderWay {
  /** Waits, is being sent, or was accepted within the last day. One that failed is none. */
  readonly welcome: boolean;
  /** Waits or is being sent. */
  readonly askSubscribe: boolean;
}

export const NO_ANSWERS: AnswersUnderWay = { welcome: false, askSubscribe: false };

export type PlannedEntry =
  | { readonly kind: 'opt_in'; readonly via: OptInVia; readonly purpose: Purpose; readonly keepWords: boolean }
  | { readonly kind: 'consent'; readonly via: ConsentVia }
  | { readonly kind: 're_opt_in'; readonly via: ConsentVia }
  | { readonly kind: 'withdraw'; readonly via: WithdrawVia };

export type ConsentReply = 'welcome' | 'confirm_unsubscribed' | 'confirm_subscribed' | 'ask_subscribe';

export type Decision =
  | { readonly kind: 'refuse'; readonly reason: 'cannot_create' | 'stale' }
  | {
      readonly kind: 'create' | 'keep';
      readonly state: ConsentState;
      readonly entries: readonly PlannedEntry[];
      readonly replies: readonly ConsentReply[];
    };

/**
 * What one act of a person does to their consent.
 *
 * Pure, and the same for every order in which a person's stops and explicit acts arrive: the latest of them by event
 * time decides, and at the same millisecond the stop does.
 *
 * @param lead null for somebody not known yet
 * @param suppressed an opt-out of this person was brought along from elsewhere
 * @param underWay answers of earlier acts; they limit the replies only, never the state
 */
export function decideConsent(
  lead: KnownLead | null,
  act: Act,
  page: { readonly optInMode: OptInMode },
  suppressed: boolean,
  underWay: AnswersUnderWay = NO_ANSWERS,
): Decision {
  if (lead !== null) return laterAct(lead, { ...act, at: trustedAt(act) }, underWay);
  if (!act.creates) return { kind: 'refuse', reason: 'cannot_create' };
  const ageMs = act.receivedAt.getTime() - act.at.getTime();
  if (ageMs > OLDEST_CREATING_MS || ageMs < -FURTHEST_AHEAD_MS) return { kind: 'refuse', reason: 'stale' };
  return firstAct(act, page.optInMode, suppressed);
}

/**
 * When the act counts as done. A clock far ahead of ours must not put a withdrawal, or a return, out of reach of every
 * act that follows; then the time of arrival counts.
 */
export function trustedAt({ at, receivedAt }: Pick<Act, 'at' | 'receivedAt'>): Date {
  return at.getTime() - receivedAt.getTime() > FURTHEST_AHEAD_MS ? receivedAt : at;
}

function firstAct(act: Act, mode: OptInMode, suppressed: boolean): Decision {
  if (act.kind === 'stop') {
    return {
      kind: 'create',
      state: { status: 'unsubscribed', explicitActAt: null, withdrawnAt: act.at },
      entries: [{ kind: 'withdraw', via: act.via }],
      replies: ['confirm_unsubscribed'],
    };
  }
  const explicitActAt = act.kind === 'explicit' ? act.at : null;
  if (mode === 'conversation_start' && !suppressed) {
    return {
      kind: 'create',
      state: { status: 'subscribed', explicitActAt, withdrawnAt: null },
      entries: [{ kind: 'opt_in', via: act.startedBy, purpose: 'marketing.broadcast', keepWords: true }],
      replies: ['welcome'],
    };
  }
  const start: PlannedEntry = { kind: 'opt_in', via: act.startedBy, purpose: 'reply', keepWords: !act.hasWords };
  if (act.kind === 'explicit') {
    return {
      kind: 'create',
      state: { status: 'subscribed', explicitActAt, withdrawnAt: null },
      entries: [start, { kind: 'consent', via: act.via }],
      replies: ['welcome', 'confirm_subscribed'],
    };
  }
  return {
    kind: 'create',
    state: { status: suppressed ? 'suppressed' : 'reply_only', explicitActAt: null, withdrawnAt: null },
    entries: [start],
    replies: ['welcome'],
  };
}

function laterAct(lead: KnownLead, act: Act, underWay: AnswersUnderWay): Decision {
  switch (act.kind) {
    case 'stop':
      return stopAct(lead, act.at, act.via);
    case 'explicit':
      return withMissedWelcome(lead, act, underWay, explicitAct(lead, act.at, act.via));
    case 'get_started':
      return keep(stateOf(lead), [], getStartedReplies(lead, act.at, underWay));
    case 'ordinary':
      return withMissedWelcome(lead, act, underWay, keep(stateOf(lead), [], []));
  }
}

/**
 * Makes up for a welcome that never came about: the first act was a stop, or Meta did not take the welcome. Only an act
 * that could start a conversation does, so an onlooker in somebody else's thread says nothing.
 */
function withMissedWelcome(lead: KnownLead, act: Act, underWay: AnswersUnderWay, decision: Kept): Decision {
  const isMissed = lead.noticeShownAt === null && !underWay.welcome;
  if (!isMissed || !act.creates || decision.state.status === 'unsubscribed') return decision;
  return { ...decision, replies: ['welcome', ...decision.replies] };
}

function stopAct(lead: ConsentState, at: Date, via: WithdrawVia): Decision {
  if (lead.explicitActAt !== null && lead.explicitActAt > at) return keep(stateOf(lead), [], []);
  const withdrawn: ConsentState = {
    ...stateOf(lead),
    status: 'unsubscribed',
    withdrawnAt: later(lead.withdrawnAt, at),
  };
  if (lead.status === 'unsubscribed') return keep(withdrawn, [], []);
  return keep(withdrawn, [{ kind: 'withdraw', via }], ['confirm_unsubscribed']);
}

function explicitAct(lead: ConsentState, at: Date, via: ConsentVia): Kept {
  const seen: ConsentState = { ...stateOf(lead), explicitActAt: later(lead.explicitActAt, at) };
  if (lead.status === 'subscribed' || (lead.withdrawnAt !== null && at <= lead.withdrawnAt)) return keep(seen, [], []);
  const kind = lead.status === 'unsubscribed' ? 're_opt_in' : 'consent';
  return keep({ ...seen, status: 'subscribed' }, [{ kind, via }], ['confirm_subscribed']);
}

function getStartedReplies(lead: ConsentState, at: Date, underWay: AnswersUnderWay): ConsentReply[] {
  if (lead.status !== 'unsubscribed') return underWay.welcome ? [] : ['welcome'];
  const isAfter = lead.withdrawnAt !== null && at > lead.withdrawnAt;
  return isAfter && !underWay.askSubscribe ? ['ask_subscribe'] : [];
}

const stateOf = ({ status, explicitActAt, withdrawnAt }: ConsentState): ConsentState => ({
  status,
  explicitActAt,
  withdrawnAt,
});

type Kept = Exclude<Decision, { readonly kind: 'refuse' }>;

function keep(state: ConsentState, entries: readonly PlannedEntry[], replies: readonly ConsentReply[]): Kept {
  return { kind: 'keep', state, entries, replies };
}

function later(known: Date | null, at: Date): Date {
  return known === null || at > known ? at : known;
}
