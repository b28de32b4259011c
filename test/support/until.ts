/** Waits for an exact condition, looking every few milliseconds; says what it waited for when it never comes. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited ${String(timeoutMs)} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
