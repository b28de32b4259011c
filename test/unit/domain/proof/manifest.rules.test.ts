import { manifestOf } from '../../../../src/domain/proof/manifest.rules';

const HEAD = { signedAt: new Date('2026-11-25T10:00:00.000Z') };
const FILES = [
  { path: 'b', sha256: '02' },
  { path: 'a', sha256: '01' },
];
const REST = '"files":{"a":"01","b":"02"},"kind":"lead","log":"x","made_at":"2026-11-25T10:00:00.000Z","v":1}';

describe('a manifest', () => {
  it('is canonical, and of one person says nothing more', () => {
    expect(manifestOf('lead', 'x', HEAD, FILES).toString()).toBe(`{${REST}`);
  });

  it('says of many which ones it claims to hold, in canonical form too', () => {
    const from = new Date('2026-01-01T00:00:00.000Z');
    const to = new Date('2026-02-01T00:00:00.000Z');
    const made = [{ broadcast: 'b1' }, { to, from, metaPageId: '77' }, { to, from, metaPageId: null }].map((about) =>
      manifestOf('lead', 'x', HEAD, FILES, { about, tooLarge: 0 }).toString(),
    );
    expect(made).toEqual([
      `{"about":{"broadcast":"b1"},${REST}`,
      `{"about":{"from":"2026-01-01T00:00:00.000Z","page":"77","to":"2026-02-01T00:00:00.000Z"},${REST}`,
      `{"about":{"from":"2026-01-01T00:00:00.000Z","page":null,"to":"2026-02-01T00:00:00.000Z"},${REST}`,
    ]);
  });

  it('counts those who are left out of a bundle about many, where there are any', () => {
    const made = manifestOf('broadcast', 'x', HEAD, FILES, { about: { broadcast: 'b1' }, tooLarge: 2 }).toString();
    expect(made).toContain('"made_at":"2026-11-25T10:00:00.000Z","too_large":2,"v":1}');
  });
});
