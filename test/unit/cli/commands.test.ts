import { parseCommand } from '../../../src/cli/commands';

describe('parseCommand', () => {
  it('reads each command', () => {
    expect(parseCommand(['migrate'])).toEqual({ kind: 'migrate' });
    expect(parseCommand(['doctor'])).toEqual({ kind: 'doctor' });
    expect(parseCommand(['--help'])).toEqual({ kind: 'help' });
    expect(parseCommand(['account', 'create', '--email', 'a@example.com', '--name', 'A'])).toEqual({
      kind: 'account-create',
      email: 'a@example.com',
      name: 'A',
    });
    expect(parseCommand(['key', 'create', '--account', 'x', '--scopes', 'leads:read, pages:read'])).toEqual({
      kind: 'key-create',
      account: 'x',
      scopes: ['leads:read', 'pages:read'],
      expiresAt: null,
    });
    expect(parseCommand(['audit'])).toEqual({ kind: 'audit' });
    expect(parseCommand(['footprint', '-', '--path', 'a', '--path', 'b'])).toEqual({
      kind: 'footprint',
      value: null,
      paths: ['a', 'b'],
    });
    expect(parseCommand(['retention'])).toEqual({ kind: 'retention', at: null });
    expect(parseCommand(['retention', '--at', '2027-01-31T00:00:00Z'])).toMatchObject({ at: new Date('2027-01-31') });
    for (const what of ['reseal', 'copy', 'drill', 'rotate-log'])
      expect(parseCommand(['keys', what])).toEqual({ kind: `keys-${what}` });
    expect(parseCommand(['verify', 'a.zip'])).toEqual({ kind: 'verify', bundle: 'a.zip', keys: [], trusted: [] });
    expect(
      parseCommand([...'verify --tsa a.pem a.zip --key k --witness w1 --witness w2 --earlier b.zip'.split(' ')]),
    ).toEqual({
      kind: 'verify',
      bundle: 'a.zip',
      keys: ['k'],
      trusted: ['--tsa', 'a.pem', '--witness', 'w1', '--witness', 'w2', '--earlier', 'b.zip'],
    });
  });

  it.each([
    [[]],
    [['unknown']],
    [['account']],
    [['account', 'create', '--email', 'a@example.com']],
    [['account', 'create', '--email', '', '--name', 'A']],
    [['migrate', '--unknown']],
    [['audit', 'everything']],
    [['footprint']],
    [['footprint', 'a', 'b']],
    [['keys']],
    [['keys', 'burn']],
    [['retention', '--at', 'soon']],
    [['verify']],
    [['verify', 'a.zip', 'b.zip']],
    [['verify', 'a.zip', '--key']],
    [['key', 'create', '--account', 'x', '--scopes', 'a', '--expires', 'soon']],
  ])('refuses a wrong call with the usage (%#)', (args) => {
    let thrown: unknown;
    try {
      parseCommand(args);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'usage' });
    expect((thrown as Error).message).toContain('usage: assent');
  });
});
