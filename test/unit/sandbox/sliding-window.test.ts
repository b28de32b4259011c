import fc from 'fast-check';
import { SlidingWindow } from '../../../src/sandbox/sliding-window';

describe('SlidingWindow', () => {
  it('counts what a plain count over all times counts, whatever the gaps', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 400 }), (gaps) => {
        const window = new SlidingWindow(1_000);
        const times: number[] = [];
        let atMs = 0;
        let most = 0;
        for (const gap of gaps) {
          atMs += gap;
          times.push(atMs);
          const expected = times.filter((time) => time > atMs - 1_000).length;
          most = Math.max(most, expected);
          expect(window.add(atMs)).toBe(expected);
        }
        expect(window.most).toBe(most);
        expect(window.total).toBe(gaps.length);
      }),
      { numRuns: 100 },
    );
  });

  it('lets an event go exactly one second after it', () => {
    const window = new SlidingWindow(1_000);
    window.add(0);
    expect(window.add(999.9)).toBe(2);
    expect(window.add(1_000)).toBe(2);
    expect(window.most).toBe(2);
  });
});
