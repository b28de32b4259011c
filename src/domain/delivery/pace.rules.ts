/** How much later than its slot a POST may start. */
export const SLOT_TOLERANCE_MS = 50;
const SECOND_MS = 1_000;

/**
 * Distance of two slots of a Page.
 *
 * `cap` starts lie `cap - 1` intervals apart at least, less the tolerance: never more than `cap` in any sliding second,
 * whatever the jitter. One a second is a distance of its own.
 */
export function slotIntervalMs(capPerSecond: number): number {
  return (SECOND_MS + SLOT_TOLERANCE_MS) / Math.max(1, capPerSecond - 1);
}

/** A chunk is never more than one second of the Page's rate, and never more than 50: what a frozen worker can hold back. */
export const MAX_CHUNK = 50;

export const chunkSize = (capPerSecond: number): number => Math.min(MAX_CHUNK, Math.max(1, Math.floor(capPerSecond)));

/** A Page whose next slot is further away than this gives its worker back. */
export const NEAR_SLOT_MS = 250;
/** A job that waits for a slot comes back this much before it, to have claimed by then. */
const LEAD_TIME_MS = 200;

/** null: near enough to begin now. */
export const waitForSlotMs = (slotDelayMs: number): number | null =>
  slotDelayMs <= NEAR_SLOT_MS ? null : slotDelayMs - LEAD_TIME_MS;

export interface Reservation {
  /** From the moment of the answer to the first slot; may be a little below zero. */
  readonly delayMs: number;
}

/** Both ends on the sender's own monotonic clock. */
export interface Slot {
  readonly opensMs: number;
  readonly closesMs: number;
}

/**
 * A slot of a reservation as the sender sees it.
 *
 * It opens counted from the answer and closes counted from the request: however the time in between was divided, a POST
 * inside it starts neither before the real slot nor more than the tolerance after it.
 */
export function slotAt(
  { delayMs }: Reservation,
  call: { readonly requestedMs: number; readonly answeredMs: number },
  index: number,
  intervalMs: number,
): Slot {
  const offsetMs = delayMs + index * intervalMs;
  return { opensMs: call.answeredMs + offsetMs, closesMs: call.requestedMs + offsetMs + SLOT_TOLERANCE_MS };
}
