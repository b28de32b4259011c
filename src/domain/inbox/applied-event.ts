import type { IgnoredReason } from './inbound.types';

/** How an event ended; a closed list, counted. */
export type EventOutcome =
  | 'applied'
  | 'created'
  | 'duplicate'
  | 'erased'
  | 'failed'
  | 'noted'
  | 'stale'
  | 'unknown_page'
  | 'unknown_person'
  | IgnoredReason;

export interface AppliedEvent {
  readonly outcome: EventOutcome;
  /** Public id of the Page whose waiting replies should go out now. */
  readonly repliesFor: string | null;
}

export const ended = (outcome: EventOutcome): AppliedEvent => ({ outcome, repliesFor: null });
