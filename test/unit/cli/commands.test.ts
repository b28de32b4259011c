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
    const [account, lead] = ['7c1d2f34-5a6b-4c7d-8e9f-a0b1c2d3e4f5', '0b0f2f5e-3c5c-4a53-8a3d-6f6f2c3f5a10'];
    expect(parseCommand(['erase', account, lead])).toEqual({ kind: 'erase', account, lead, keepsMark: false });
    expect(parseCommand(['erase', account, lead, '--keep-mark'])).toMatchObject({ keepsMark: true });
    for (const wrong of [[], [account], [account, lead, lead], [account, 'x']])
      expect(() => parseCommand(['erase', ...wrong])).toThrow('erase takes');
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
