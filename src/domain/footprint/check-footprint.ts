import { setImmediate as others } from 'node:timers/promises';
import type { Clock } from '../../kernel/clock';
import type { Ids } from '../../kernel/ids';
import { counterOf, tableOf, type Counter } from './counter.rules';
import type { CheckedFootprint, SizedStore } from './footprint.types';
import { LEAST_BYTES, needlesOf, type Needle } from './needles.rules';

/** An erasure takes five seconds at most: this leaves two for all its other steps. */
export const FOOTPRINT_BUDGET_MS = 3_000;
/** Each has dozens of forms, held in memory at once: this many take about half a second to make. */
const MOST_PATTERNS = 4_000;
const CONTROL_BYTES = 24;
const CONTROL = 'control';

export interface CheckFootprintDeps {
  readonly ids: Ids;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly stores: () => Promise<readonly SizedStore[]>;
  readonly budgetMs: number;
}

/** What of a look is known so far. A store that does not answer holds up the look, and not whoever waits for it. */
interface Look {
  readonly hasEnded: () => boolean;
  readonly control: Buffer;
  readonly needles: Needle[];
  readonly patterns: number[];
  readonly counted: { readonly store: string; readonly counter: Counter; isWhole: boolean }[];
  stores: number;
}

/**
 * Looks for what named some people, in every store and every form, the smallest stores first, and ends when the budget does: the result
 * says how many stores were looked at whole. Each is made to hold a control, as in the scan without an end. Changes nothing; what it
 * made of the values is overwritten before it answers.
 *
 * @param people the values of each, as text
 */
export const makeCheckFootprint =
  (deps: CheckFootprintDeps) =>
  async (people: readonly (readonly Buffer[])[]): Promise<CheckedFootprint> => {
    const { clock, ids, budgetMs } = deps;
    const until = clock.monotonicMs() + budgetMs;
    let isOver = false;
    const look: Look = {
      hasEnded: () => isOver || clock.monotonicMs() >= until,
      control: ids.bytes(CONTROL_BYTES),
      needles: [],
      patterns: [],
      counted: [],
      stores: 0,
    };
    let timer: NodeJS.Timeout | undefined;
    const timeUp = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, budgetMs);
    });
    try {
      await Promise.race([lookThrough(deps, look, people), timeUp]);
    } finally {
      isOver = true;
      clearTimeout(timer);
      for (const { bytes } of look.needles) bytes.fill(0);
    }
    return resultOf(look, people.length);
  };

async function lookThrough(
  { stores }: CheckFootprintDeps,
  look: Look,
  people: readonly (readonly Buffer[])[],
): Promise<void> {
  const smallestFirst = [...(await stores())].sort((one, other) => one.bytes - other.bytes);
  look.stores = smallestFirst.length;
  look.needles.push({ encoding: CONTROL, bytes: Buffer.from(look.control) });
  let patterns = 0;
  for (const [person, values] of people.entries()) {
    await others();
    if (look.hasEnded()) return;
    const sought = values.filter(({ length }) => length >= LEAST_BYTES);
    patterns += sought.length;
    if (patterns > MOST_PATTERNS) break;
    look.patterns.push(sought.length);
    // Which of them was found is not asked: only whose.
    const forms = sought.flatMap((value) => needlesOf(value.toString('utf8')));
    look.needles.push(...forms.map(({ bytes }) => ({ encoding: String(person), bytes })));
  }
  const table = tableOf(look.needles);
  for (const store of smallestFirst) {
    if (look.hasEnded()) return;
    await lookInto(store, look, counterOf(table));
  }
}

async function lookInto(store: SizedStore, look: Look, counter: Counter): Promise<void> {
  const counting = { store: store.name, counter, isWhole: false };
  look.counted.push(counting);
  try {
    for await (const { bytes, isNew } of store.read(look.control)) {
      if (look.hasEnded()) return;
      if (isNew) counter.begin();
      counter.add(bytes);
    }
    counting.isWhole = true;
  } catch {
    // Not looked at, whatever kept it from that: no text of another program is passed on.
  }
}

function resultOf({ patterns, counted, stores }: Look, people: number): CheckedFootprint {
  const hitsOf = (wanted: (encoding: string) => boolean, of: readonly { readonly counter: Counter }[]): number =>
    of
      .flatMap(({ counter }) => [...counter.found()])
      .reduce((sum, [encoding, count]) => sum + (wanted(encoding) ? count : 0), 0);
  const whole = counted.filter(({ isWhole }) => isWhole);
  const seen = whole.filter(({ counter }) => counter.found().has(CONTROL));
  return {
    people: Array.from({ length: people }, (_, person) => ({
      hits: hitsOf((encoding) => encoding === String(person), counted),
      patterns: patterns[person] ?? 0,
    })),
    stores,
    looked: seen.length,
    isControlFound: seen.length > 0 && seen.length === whole.length,
    found: counted
      .map((one) => ({ store: one.store, count: hitsOf((encoding) => encoding !== CONTROL, [one]) }))
      .filter(({ count }) => count > 0),
  };
}
