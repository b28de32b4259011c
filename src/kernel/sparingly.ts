const EVERY_MS = 60_000;

/**
 * Says something at once, and the same again only when it is still so after a while: what fails twice a second must not fill a log.
 *
 * @param nowMs a clock that never goes back
 */
export function sparingly(
  everyMs = EVERY_MS,
  nowMs: () => number = () => performance.now(),
): (what: string, say: () => void) => void {
  const saidAtMs = new Map<string, number>();
  return (what, say) => {
    const now = nowMs();
    const last = saidAtMs.get(what);
    if (last !== undefined && now - last < everyMs) return;
    saidAtMs.set(what, now);
    say();
  };
}
