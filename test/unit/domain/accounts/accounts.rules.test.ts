import {
  checkAccount,
  checkExpiry,
  checkScopes,
  comparableEmail,
  SCOPES,
} from '../../../../src/domain/accounts/accounts.rules';

describe('an account', () => {
  it('is accepted with an address and a name', () => {
    expect(checkAccount('ann@example.com', 'Ann')).toEqual([]);
  });

  it.each(['', 'ann', '@example.com', 'ann@', 'a b@example.com', `${'a'.repeat(250)}@b.cd`, 'a@b\u0000c'])(
    'is refused with the address %j',
    (email) => {
      expect(checkAccount(email, 'Ann').map(({ pointer }) => pointer)).toEqual(['/email']);
    },
  );

  it.each(['', '   ', 'a'.repeat(101), 'two\nlines'])('is refused with the name %j', (name) => {
    expect(checkAccount('ann@example.com', name).map(({ pointer }) => pointer)).toEqual(['/name']);
  });

  it('is found under any case and surrounding blank of its address', () => {
    expect(comparableEmail('  Ann@Example.COM ')).toBe(comparableEmail('ann@example.com'));
    expect(comparableEmail('ann@example.com')).not.toBe(comparableEmail('anne@example.com'));
  });
});

describe('the scopes of a key', () => {
  it('come back once each, in a fixed order', () => {
    expect(checkScopes(['leads:read', 'pages:read', 'leads:read'])).toEqual({
      ok: true,
      scopes: ['pages:read', 'leads:read'],
    });
    expect(checkScopes([...SCOPES])).toEqual({ ok: true, scopes: [...SCOPES] });
  });

  it('are refused when there is none, and an unknown one is named by its place', () => {
    expect(checkScopes([])).toMatchObject({ ok: false, errors: [{ pointer: '/scopes' }] });
    expect(checkScopes(['pages:read', 'pages:*'])).toMatchObject({ ok: false, errors: [{ pointer: '/scopes/1' }] });
  });
});

it('refuses an expiry that is not in the future', () => {
  const now = new Date('2026-11-23T10:00:00Z');
  expect(checkExpiry(null, now)).toEqual([]);
  expect(checkExpiry(new Date('2026-11-23T10:00:00.001Z'), now)).toEqual([]);
  expect(checkExpiry(now, now)).toMatchObject([{ pointer: '/expires_at' }]);
});
