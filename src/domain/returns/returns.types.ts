import type { ChainRefusal, ReturningPerson } from '../proof';

/** Why somebody of an archive does not come back. */
export const REFUSALS = [
  'proof_broken',
  'unsubscribed',
  'no_consent',
  'objected',
  'page_not_connected',
  'page_elsewhere',
  'page_not_closed',
  'not_explicit',
  'known_again',
  'suppressed',
  'erased',
  'not_closed',
  'went_on',
] as const;

export type Refusal = (typeof REFUSALS)[number] | ChainRefusal;

/** Of people: how many came back, were back already, or do not come back and why. */
export interface ReturnCounts {
  readonly returned: number;
  readonly already: number;
  readonly refused: Readonly<Partial<Record<Refusal, number>>>;
}

export type Outcome = 'returned' | 'already' | Refusal;

/** Somebody of whom the proofs allow it; the database has its word yet. */
export type Candidate = ReturningPerson;
