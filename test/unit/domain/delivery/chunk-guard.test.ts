import { guardChunk, MAX_STALE_MS, REREAD_EVERY_MS, type Reread } from '../../../../src/domain/delivery/chunk-guard';

const OPEN: Reread = { isOpen: true, gone: [] };

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const setUp = (reread: () => Promise<Reread>, signal = new AbortController().signal) => {
  const clock = { now: () => new Date(), monotonicMs: () => performance.now() };
  const freshMs = performance.now();
  return { freshMs, guard: guardChunk(clock, { beganMs: freshMs, freshMs, reread, signal }) };
};

it('reads the leads again every 250 ms and drops those who left', async () => {
  const answers: Reread[] = [OPEN, { isOpen: true, gone: [{ seq: 4, reason: 'unsubscribed' }] }, OPEN];
  let reads = 0;
  const { guard } = setUp(() => Promise.resolve(answers[reads++] ?? OPEN));
  await jest.advanceTimersByTimeAsync(REREAD_EVERY_MS);
  expect([reads, guard.dropped({ seq: 4 })]).toEqual([1, false]);
  await jest.advanceTimersByTimeAsync(REREAD_EVERY_MS);
  expect([reads, guard.dropped({ seq: 4 }), guard.dropped({ seq: 5 })]).toEqual([2, true, false]);
  await jest.advanceTimersByTimeAsync(REREAD_EVERY_MS);
  expect([reads, guard.dropped({ seq: 4 }), guard.gone.get(4)]).toEqual([3, true, 'unsubscribed']);
  await guard.close();
  await jest.advanceTimersByTimeAsync(1_000);
  expect(reads).toBe(3);
});

it.each<[string, () => Promise<Reread>]>([
  ['hangs', () => new Promise(() => undefined)],
  ['fails', () => Promise.reject(new Error('the database is away'))],
])('starts nothing on old knowledge when the re-read %s', async (_what, reread) => {
  const { guard, freshMs } = setUp(reread);
  await jest.advanceTimersByTimeAsync(MAX_STALE_MS - 1);
  expect(guard.mayStart(freshMs + MAX_STALE_MS - 1)).toBe(true);
  await jest.advanceTimersByTimeAsync(1);
  expect(guard.mayStart(freshMs + MAX_STALE_MS)).toBe(false);
});

it('counts knowledge from when a read began, not from when it ended', async () => {
  const { guard, freshMs } = setUp(() => new Promise((resolve) => setTimeout(() => resolve(OPEN), 300)));
  await jest.advanceTimersByTimeAsync(REREAD_EVERY_MS + 300);
  expect(guard.mayStart(freshMs + REREAD_EVERY_MS + MAX_STALE_MS - 1)).toBe(true);
  expect(guard.mayStart(freshMs + REREAD_EVERY_MS + MAX_STALE_MS)).toBe(false);
});

it('stops when the broadcast or the Page may not send any more, and on shutdown', async () => {
  const { guard } = setUp(() => Promise.resolve({ isOpen: false, gone: [] }));
  expect(guard.stopped()).toBe(false);
  await jest.advanceTimersByTimeAsync(REREAD_EVERY_MS);
  expect(guard.stopped()).toBe(true);
  const shutdown = new AbortController();
  const other = setUp(() => Promise.resolve(OPEN), shutdown.signal).guard;
  shutdown.abort();
  expect(other.stopped()).toBe(true);
});
