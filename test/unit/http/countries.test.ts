import { COUNTRY_CODES } from '../../../src/http/countries';

it('holds the 249 assigned codes, each with a name of its own', () => {
  expect(COUNTRY_CODES.size).toBe(249);
  const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
  const named = [...COUNTRY_CODES].map((code) => names.of(code));
  expect(new Set(named).size).toBe(249);
  expect(named).not.toContain(undefined);
});

it.each(['ZZ', 'XX', 'XK', 'EU', 'UK', 'AN', 'SU', 'YU', 'AA', 'QM', 'de'])('does not hold %s', (code) => {
  expect(COUNTRY_CODES.has(code)).toBe(false);
});
