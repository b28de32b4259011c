/** Beyond that the mark of an erasure is gone before the stamp could make a lead. */
const FURTHEST_MS = 2 * 86_400_000;

/**
 * How far an erasure has to reach for an event to be before it whenever it is delivered again: to its stamp, also where Meta's clock is
 * ahead of ours.
 */
export const reachOf = ({ at, receivedAt }: { readonly at: Date; readonly receivedAt: Date }): Date =>
  at.getTime() - receivedAt.getTime() > FURTHEST_MS ? receivedAt : at;
