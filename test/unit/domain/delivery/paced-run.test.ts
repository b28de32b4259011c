import fc from 'fast-check';
import { chunkSize, SLOT_TOLERANCE_MS, slotIntervalMs } from '../../../../src/domain/delivery/pace.rules';
import { sendPaced, type SendGuard } from '../../../../src/domain/delivery/paced-run';
import { TOO_LATE, type SendCall, type Sender } from '../../../../src/domain/delivery/sender-port.types';
import type { SendOutcome } from '../../../../src/domain/delivery/sender.types';

/** Simulated time: sleepers wake in order, and nothing happens between two of them. */
class SimulatedTime {
  nowMs = 0;
  private sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.sleepers.push({ atMs: this.nowMs + ms, wake }));
  }

  async run(work: Promise<unknown>): Promise<void> {
    const done = new Set<unknown>();
    void work.finally(() => done.add(work)).catch(() => undefined);
    for (;;) {
      // Comes when every promise that can go on has gone on.
      await new Promise<void>((resolve) => process.nextTick(resolve));
      if (done.size > 0) return;
      this.sleepers.sort((a, b) => a.atMs - b.atMs);
      const next = this.sleepers.shift();
      if (next === undefined) throw new Error('nobody will ever wake');
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.wake();
    }
  }
}

/** Numbers from 0 to 1 that follow from a seed. */
function makeRandom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Conditions {
  readonly cap: number;
  readonly workers: number;
  /** Each way between worker and database, at most. */
  readonly latencyMs: number;
  /** A timer wakes this late, at most. */
  readonly jitterMs: number;
  /** Share of sleeps after which a process stands still for up to 400 ms. */
  readonly stalls: number;
  /** Share of calls that have to wait for a connection for up to 150 ms. */
  readonly connects: number;
  readonly seed: number;
  readonly secondsToRun: number;
}

const openGuard = <Item>(deadlineMs = Number.POSITIVE_INFINITY): SendGuard<Item> => ({
  deadlineMs,
  stopped: () => false,
  dropped: () => false,
  mayStart: () => true,
});

/** Several workers that send chunk after chunk on one Page; answers when each POST started, in real time. */
async function simulate(conditions: Conditions): Promise<number[]> {
  const { cap, latencyMs, jitterMs, stalls, connects, secondsToRun } = conditions;
  const time = new SimulatedTime();
  const random = makeRandom(conditions.seed);
  const starts: number[] = [];
  const intervalMs = slotIntervalMs(cap);
  let nextFreeMs = 0;
  const sleep = (ms: number): Promise<void> =>
    time.sleep(ms + random() * jitterMs + (random() < stalls ? random() * 400 : 0));
  const reserve = async (slots: number) => {
    await time.sleep(random() * latencyMs);
    const firstMs = Math.max(nextFreeMs, time.nowMs);
    nextFreeMs = firstMs + slots * intervalMs;
    const delayMs = firstMs - time.nowMs;
    await time.sleep(random() * latencyMs);
    return { kind: 'reserved', delayMs } as const;
  };
  const sender: Sender = {
    send: async ({ mayStart }: SendCall): Promise<SendOutcome> => {
      if (random() < connects) await time.sleep(random() * 150);
      if (!mayStart()) return { kind: 'not-sent', cause: TOO_LATE };
      starts.push(time.nowMs);
      await time.sleep(20 + random() * 100);
      return { kind: 'accepted', messageId: 'm', recipientId: null };
    },
  };
  const worker = async (skewMs: number): Promise<void> => {
    // Every process has a monotonic clock with an origin of its own.
    const clock = { now: () => new Date(time.nowMs), monotonicMs: () => time.nowMs + skewMs };
    while (time.nowMs < secondsToRun * 1_000) {
      if (nextFreeMs - time.nowMs > 250) {
        await time.sleep(nextFreeMs - time.nowMs - 200);
        continue;
      }
      const items = Array.from({ length: chunkSize(cap) }, (_, n) => n);
      const guard = openGuard<number>();
      const run = {
        items,
        bodyOf: () => '',
        metaPageId: '1',
        token: 't',
        intervalMs,
        reserve,
        guard,
        onOutcome: () => undefined,
        onFault: (error: unknown) => {
          throw error;
        },
      };
      await sendPaced({ clock, sender, sleep }, run);
    }
  };
  await time.run(Promise.all(Array.from({ length: conditions.workers }, (_, n) => worker(n * 1_234.5))));
  return starts;
}

function mostInAnySecond(starts: readonly number[]): number {
  const sorted = [...starts].sort((a, b) => a - b);
  let most = 0;
  let from = 0;
  for (let to = 0; to < sorted.length; to += 1) {
    while (sorted[to]! - sorted[from]! >= 1_000) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

it('never starts more than cap POSTs in any sliding second, whatever the latency, jitter, stalls and connections', async () => {
  const conditions = fc.record({
    cap: fc.constantFrom(1, 2, 5, 10, 35, 40, 120, 300),
    workers: fc.integer({ min: 1, max: 4 }),
    latencyMs: fc.constantFrom(0, 1, 20, 60, 300),
    jitterMs: fc.constantFrom(0, 2, 20, 45, 80),
    stalls: fc.constantFrom(0, 0.02, 0.2),
    connects: fc.constantFrom(0, 0.1, 1),
    seed: fc.integer({ min: 1, max: 2 ** 31 }),
    secondsToRun: fc.constant(5),
  });
  let started = 0;
  await fc.assert(
    fc.asyncProperty(conditions, async (each) => {
      const starts = await simulate(each);
      started += starts.length;
      expect(mostInAnySecond(starts)).toBeLessThanOrEqual(each.cap);
    }),
    { numRuns: 60 },
  );
  expect(started).toBeGreaterThan(1_000);
  // Some seeds make fifty times the turns of others.
}, 240_000);

it.each([
  [35, 0.92],
  [40, 0.92],
  [300, 0.94],
])('at %i a second a healthy Page gets at least %f of its cap', async (cap, share) => {
  const starts = await simulate({
    cap,
    workers: 2,
    latencyMs: 1,
    jitterMs: 2,
    stalls: 0,
    connects: 0,
    seed: 7,
    secondsToRun: 40,
  });
  const settled = starts.filter((start) => start >= 2_000 && start < 38_000).length;
  expect(settled / 36 / cap).toBeGreaterThanOrEqual(share);
  expect(mostInAnySecond(starts)).toBeLessThanOrEqual(cap);
});

it('sends every message once, also those that lost their first slot', async () => {
  const time = new SimulatedTime();
  const seen: string[] = [];
  let tries = 0;
  const sender: Sender = {
    send: async ({ bodyText, mayStart }) => {
      tries += 1;
      if (tries % 3 === 0) await time.sleep(SLOT_TOLERANCE_MS + 1);
      if (!mayStart()) return { kind: 'not-sent', cause: TOO_LATE };
      seen.push(bodyText);
      return { kind: 'accepted', messageId: 'm', recipientId: null };
    },
  };
  const items = Array.from({ length: 20 }, (_, n) => n);
  const clock = { now: () => new Date(0), monotonicMs: () => time.nowMs };
  const posted = sendPaced(
    { clock, sender, sleep: (ms) => time.sleep(ms) },
    {
      items,
      bodyOf: String,
      metaPageId: '1',
      token: 't',
      intervalMs: 30,
      reserve: () => Promise.resolve({ kind: 'reserved', delayMs: 0 }),
      guard: openGuard<number>(),
      onOutcome: () => undefined,
      onFault: (error: unknown) => {
        throw error;
      },
    },
  );
  await time.run(posted);
  expect((await posted).map(({ item }) => item).sort((a, b) => a - b)).toEqual(items);
  expect(seen.map(Number).sort((a, b) => a - b)).toEqual(items);
  expect(tries).toBeGreaterThan(20);
});

it('starts nothing after the deadline of its claim', async () => {
  const time = new SimulatedTime();
  const clock = { now: () => new Date(0), monotonicMs: () => time.nowMs };
  const starts: number[] = [];
  const sender: Sender = {
    send: ({ mayStart }) => {
      if (!mayStart()) return Promise.resolve({ kind: 'not-sent', cause: TOO_LATE });
      starts.push(time.nowMs);
      return Promise.resolve({ kind: 'accepted', messageId: 'm', recipientId: null });
    },
  };
  const posted = sendPaced(
    { clock, sender, sleep: (ms) => time.sleep(ms) },
    {
      items: [1, 2, 3, 4, 5, 6, 7, 8],
      bodyOf: String,
      metaPageId: '1',
      token: 't',
      intervalMs: 1_000,
      reserve: () => Promise.resolve({ kind: 'reserved', delayMs: 0 }),
      guard: openGuard<number>(5_000),
      onOutcome: () => undefined,
      onFault: (error: unknown) => {
        throw error;
      },
    },
  );
  await time.run(posted);
  expect(starts).toEqual([0, 1_000, 2_000, 3_000, 4_000, 5_000]);
  expect(await posted).toHaveLength(6);
});

it.each<[string, (change: { stopped: boolean; dropped: boolean; fresh: boolean }) => void]>([
  ['the chunk was stopped', (now) => (now.stopped = true)],
  ['its lead left', (now) => (now.dropped = true)],
  ['nobody has looked at the leads for too long', (now) => (now.fresh = false)],
])('starts nothing when %s while a connection was being made', async (_what, change) => {
  const time = new SimulatedTime();
  const now = { stopped: false, dropped: false, fresh: true };
  let started = 0;
  const sender: Sender = {
    send: async ({ mayStart }) => {
      await time.sleep(10);
      change(now);
      if (!mayStart()) return { kind: 'not-sent', cause: TOO_LATE };
      started += 1;
      return { kind: 'accepted', messageId: 'm', recipientId: null };
    },
  };
  const posted = sendPaced(
    { clock: { now: () => new Date(0), monotonicMs: () => time.nowMs }, sender, sleep: (ms) => time.sleep(ms) },
    {
      items: [1],
      bodyOf: String,
      metaPageId: '1',
      token: 't',
      intervalMs: 30,
      reserve: () => Promise.resolve({ kind: 'reserved', delayMs: 0 }),
      guard: { deadlineMs: 1_000, stopped: () => now.stopped, dropped: () => now.dropped, mayStart: () => now.fresh },
      onOutcome: () => undefined,
      onFault: (error: unknown) => {
        throw error;
      },
    },
  );
  await time.run(posted);
  expect([started, await posted]).toEqual([0, []]);
});
