import fc from 'fast-check';
import { cutoffsAt, monthsBefore, RULE_SENTENCES } from '../../../../src/domain/retention/retention.rules';

const utc = (text: string): Date => new Date(`${text}T10:11:12.403Z`);

it.each([
  ['2026-11-26', 24, '2024-11-26'],
  ['2026-01-31', 2, '2025-11-30'],
  ['2028-02-29', 12, '2027-02-28'],
  ['2028-02-29', 48, '2024-02-29'],
  ['2026-03-31', 1, '2026-02-28'],
])('counts months by the calendar: %s, %d earlier', (at, months, earlier) => {
  expect(monthsBefore(utc(at), months)).toEqual(utc(earlier));
});

it('never keeps anything shorter for a later moment', () => {
  const moment = fc.date({ min: utc('2020-01-01'), max: utc('2040-01-01'), noInvalidDate: true });
  fc.assert(
    fc.property(moment, moment, (a, b) => {
      const [earlier, later] = [cutoffsAt(new Date(Math.min(+a, +b))), cutoffsAt(new Date(Math.max(+a, +b)))];
      for (const rule of Object.keys(earlier) as (keyof typeof earlier)[])
        expect(earlier[rule].getTime()).toBeLessThanOrEqual(later[rule].getTime());
    }),
  );
});

it('has the numbers that the data map and the sentences say', () => {
  expect(cutoffsAt(utc('2026-11-26'))).toEqual({
    silent_people: utc('2024-11-26'),
    people_who_left: utc('2023-11-26'),
    receipts: utc('2026-10-27'),
    security_log: utc('2026-10-27'),
  });
  const sentences = Object.values(RULE_SENTENCES).join();
  for (const number of ['24 months', '36 months', '30 days']) expect(sentences).toContain(number);
});
