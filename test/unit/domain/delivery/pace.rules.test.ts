import { chunkSize, slotAt, slotIntervalMs, waitForSlotMs } from '../../../../src/domain/delivery/pace.rules';

it.each([
  [1, 1_050],
  [2, 1_050],
  [35, 1_050 / 34],
  [300, 1_050 / 299],
])('slots of %i a second lie %f ms apart', (cap, intervalMs) => {
  expect(slotIntervalMs(cap)).toBe(intervalMs);
});

it.each([
  [1, 1],
  [35, 35],
  [300, 50],
])('a chunk at %i a second holds %i', (cap, size) => {
  expect(chunkSize(cap)).toBe(size);
});

it('a Page gives its worker back unless its slot is near', () => {
  expect([0, 250, 251, 1_000].map(waitForSlotMs)).toEqual([null, null, 51, 800]);
});

it('a slot opens counted from the answer and closes counted from the request', () => {
  const slot = slotAt({ delayMs: 100 }, { requestedMs: 1_000, answeredMs: 1_030 }, 2, 10);
  expect(slot).toEqual({ opensMs: 1_150, closesMs: 1_170 });
});
