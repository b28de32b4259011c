/** Wall time for records, monotonic time for delays. Injected, so that a test can hold it still. */
export interface Clock {
  /** Wall time; may jump. Never measure a duration with it. */
  now(): Date;
  /** Milliseconds since an arbitrary point; never goes back. */
  monotonicMs(): number;
}

/** How far apart the clocks of machines that work on one thing may be: those of ours, of the database, of Meta and of witnesses. */
export const CLOCK_SKEW_MS = 5 * 60_000;

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
};
