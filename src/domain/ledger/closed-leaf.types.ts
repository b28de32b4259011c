/** What became of a leaf that nothing opens any more: erased for a person, closed with an account, or lost with its entry or key. */
export type ClosedState = 'erased' | 'closed' | 'lost';
