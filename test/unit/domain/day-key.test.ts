import { dayKeyOrNull, dayOf } from '../../../src/domain/day-key';
import type { KeyRing } from '../../../src/domain/keyring.types';
import { OperationalError } from '../../../src/kernel/errors';

const ringThat = (inboxKey: (day: number) => Promise<Buffer>) => ({ inboxKey }) as unknown as KeyRing;

it('changes the day at midnight, UTC', () => {
  expect(dayOf(new Date('2026-11-25T23:59:59.999Z')) + 1).toBe(dayOf(new Date('2026-11-26T00:00:00.000Z')));
  expect(dayOf(new Date('1970-01-01T00:00:00.000Z'))).toBe(0);
});

it('tells a key that was destroyed from one that cannot be had', async () => {
  const fails = (error: Error) =>
    dayKeyOrNull(
      ringThat(() => Promise.reject(error)),
      7,
    );
  expect(
    await dayKeyOrNull(
      ringThat((day) => Promise.resolve(Buffer.of(day))),
      7,
    ),
  ).toEqual(Buffer.of(7));
  expect(await fails(new OperationalError('inbox_key_destroyed', 'gone'))).toBeNull();
  await expect(fails(new OperationalError('key_ring_mismatch', 'stale'))).rejects.toThrow('stale');
});
