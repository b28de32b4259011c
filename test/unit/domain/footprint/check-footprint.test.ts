import { randomBytes } from 'node:crypto';
import { makeCheckFootprint, type CheckedFootprint, type SizedStore } from '../../../../src/domain/footprint';
import type * as needlesRules from '../../../../src/domain/footprint/needles.rules';
import { randomIds } from '../../../../src/kernel/ids';

const mockNeedles: Buffer[] = [];
jest.mock('../../../../src/domain/footprint/needles.rules', () => {
  const real = jest.requireActual<typeof needlesRules>('../../../../src/domain/footprint/needles.rules');
  const needlesOf: typeof real.needlesOf = (value) => {
    const needles = real.needlesOf(value);
    mockNeedles.push(...needles.map(({ bytes }) => bytes));
    return needles;
  };
  return { ...real, needlesOf };
});

const NAME = 'canary-of-ann';
const OTHER = 'canary-of-bob';
const values = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text));

interface Holding {
  readonly bytes?: number;
  readonly texts?: readonly string[];
  /** Before each piece. */
  readonly before?: () => Promise<unknown>;
  readonly isBlind?: boolean;
}

const opened: string[] = [];
const store = (name: string, { bytes = 1, texts = [], before, isBlind = false }: Holding = {}): SizedStore => ({
  name,
  bytes,
  read: async function* (control) {
    opened.push(name);
    const pieces = [...texts.map((text) => Buffer.from(text)), ...(isBlind ? [] : [control])];
    for (const piece of pieces) {
      await before?.();
      yield { place: name, bytes: piece, isNew: true };
    }
  },
});

interface Around {
  readonly budgetMs?: number;
  readonly monotonicMs?: () => number;
}

const check = (
  stores: readonly SizedStore[],
  people: readonly (readonly Buffer[])[],
  { budgetMs = 60_000, monotonicMs = () => 0 }: Around = {},
): Promise<CheckedFootprint> =>
  makeCheckFootprint({ ids: randomIds, clock: { monotonicMs }, stores: () => Promise.resolve(stores), budgetMs })(
    people,
  );

beforeEach(() => opened.splice(0));
afterEach(() => {
  expect(mockNeedles.splice(0).every((bytes) => bytes.every((byte) => byte === 0))).toBe(true);
});

it('counts for each person what is found of them, and names the stores, never the value', async () => {
  const stores = [store('clean'), store('dirty', { texts: [`x${NAME}`, NAME, Buffer.from(OTHER).toString('hex')] })];
  const found = await check(stores, [values(NAME, 'canary-nowhere'), values(OTHER)]);
  expect(found).toEqual({
    people: [
      { hits: 2, patterns: 2 },
      { hits: 1, patterns: 1 },
    ],
    stores: 2,
    looked: 2,
    isControlFound: true,
    found: [{ store: 'dirty', count: 3 }],
  });
});

it('finds nothing across two values', async () => {
  const halves = [NAME.slice(0, 6), NAME.slice(6)];
  expect(await check([store('halves', { texts: halves })], [values(NAME)])).toMatchObject({ people: [{ hits: 0 }] });
});

it('does not take a store for looked at that is blind or cannot be opened', async () => {
  const broken = store('broken', { before: () => Promise.reject(new Error('no')) });
  expect(await check([store('whole'), broken], [values(NAME)])).toMatchObject({
    stores: 2,
    looked: 1,
    isControlFound: true,
  });
  expect(await check([store('whole'), store('blind', { isBlind: true })], [values(NAME)])).toMatchObject({
    looked: 1,
    isControlFound: false,
  });
  expect(await check([broken], [values(NAME)])).toMatchObject({ looked: 0, isControlFound: false });
});

it('looks at the smallest stores first and ends with its budget, in the middle of a store too', async () => {
  let now = 0;
  const slow = () => Promise.resolve((now += 10));
  const stores = [
    store('large', { bytes: 900, texts: [NAME, 'a', 'b', NAME], before: slow }),
    store('small', { bytes: 1, before: slow }),
    store('larger', { bytes: 1_000 }),
  ];
  const found = await check(stores, [values(NAME)], { budgetMs: 40, monotonicMs: () => now });
  expect(opened).toEqual(['small', 'large']);
  expect(found).toMatchObject({ people: [{ hits: 1 }], stores: 3, looked: 1, isControlFound: true });
});

it('is not held up by a store that never answers, and tells what it found before', async () => {
  let pieces = 0;
  const hanging = store('hanging', {
    texts: [NAME, 'next'],
    before: () => ((pieces += 1) < 2 ? Promise.resolve() : new Promise(() => undefined)),
  });
  const found = await check([hanging], [values(NAME)], { budgetMs: 20 });
  expect(found).toMatchObject({ people: [{ hits: 1 }], stores: 1, looked: 0, isControlFound: false });
});

it('says of people that are too many for one look that they were not looked for', async () => {
  const many = Array.from({ length: 41 }, () => Array.from({ length: 100 }, () => randomBytes(8)));
  const { people } = await check([store('any')], many);
  expect([people[0]?.patterns, people[39]?.patterns, people[40]?.patterns]).toEqual([100, 100, 0]);
}, 60_000);

it('looks for nothing that is shorter than what stands everywhere by chance', async () => {
  expect(await check([store('any', { texts: ['short'] })], [values('short', NAME)])).toMatchObject({
    people: [{ hits: 0, patterns: 1 }],
  });
});
