/** Wall time for records, monotonic time for delays. Injected, so that a test can hold it still. */
export interface Clock {
  /** Wall time; may jump. Never measure a duration with it. */
  now(): Date;
  /** Milliseconds since an arbitrary point; never goes back. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
};
