import { reachOf } from '../../../../src/domain/inbox/reach.rules';

const receivedAt = new Date('2026-11-23T10:00:00.000Z');
const DAYS_2 = 2 * 86_400_000;
const after = (ms: number): Date => new Date(receivedAt.getTime() + ms);

it.each([-1_000, 0, 200_000, DAYS_2])('reaches to the stamp of an event that is %d ms ahead', (ms) => {
  expect(reachOf({ at: after(ms), receivedAt })).toEqual(after(ms));
});

it('does not reach to a stamp that no mark lives to see', () => {
  expect(reachOf({ at: after(DAYS_2 + 1), receivedAt })).toEqual(receivedAt);
});
