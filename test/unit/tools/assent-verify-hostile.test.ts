import fc from 'fast-check';
import { inOrder, jsonOf, makeBundle, withManifest, zipOf, type Files, type Step } from '../../support/bundle-fixture';
import { makeTestTsa, type TestTsa } from '../../support/test-tsa';
import { reasonsOf, type Verdict } from '../../support/verifier';
import { type Auditor, bundleOf, CAST, changedCopy, honestPlan, openAuditor, START } from './bundle-world';
import { put } from './tamperings';

const TRUSTING = ['--key', CAST.log.vkey, '--witness', CAST.witness.vkey, '--tsa', 'tsa.pem'];
let tsa: TestTsa;
let self: TestTsa;
let auditor: Auditor;
let honest: Files;

const tampered = (change: (files: Files) => void): Files => changedCopy(honest, change);
const resigned = (change: (files: Files) => void): Files => withManifest(tampered(change), CAST.log);

beforeAll(() => {
  tsa = makeTestTsa();
  self = makeTestTsa();
  auditor = openAuditor();
  auditor.file('tsa.pem', tsa.authority);
  honest = bundleOf(honestPlan(tsa, self));
});
afterAll(() => {
  auditor.close();
  tsa.close();
  self.close();
});

describe('a hostile bundle', () => {
  const failing = async (bundles: readonly Buffer[]): Promise<Verdict[]> => {
    const verdicts = await Promise.all(bundles.map((bundle) => auditor.judgeFast(bundle, TRUSTING)));
    expect(verdicts.map(({ exit, levels }) => [exit, levels[0]!.state])).toEqual(bundles.map(() => [1, 'FAIL']));
    return verdicts;
  };
  const NAMES = [
    '../evil',
    '/etc/passwd',
    'a\\b',
    'a/../b',
    'a//b',
    'a/',
    '.hidden',
    'nul\u0000',
    '\u202etxt',
    'x'.repeat(300),
  ];

  it('with a name that could lead elsewhere', async () => {
    const bent = NAMES.map((name) => tampered(put(name, 'x')));
    await failing([...bent.map(jsonOf), ...bent.map((files) => zipOf(inOrder(files)))]);
  });

  it('with a name twice, or names not in order', async () => {
    const members = inOrder(honest);
    const verdicts = await failing([
      zipOf([...members.slice(0, 1), ...members]),
      zipOf([...members].reverse()),
      Buffer.from(jsonOf(honest).toString().replace('{', '{"README.txt":"eA==",')),
    ]);
    for (const verdict of verdicts) expect(reasonsOf(verdict)).toMatch(/not in order/);
  });

  it('that is cut short anywhere, or has bytes before or behind it', async () => {
    const zip = zipOf(inOrder(honest));
    const json = jsonOf(honest);
    const step = Math.ceil(zip.length / 97) + 1;
    const cuts = Array.from({ length: 24 }, (_, at) => zip.subarray(0, at * 4 * step));
    await failing([
      ...cuts.filter(({ length }) => length < zip.length),
      json.subarray(0, json.length / 2),
      json.subarray(0, -1),
      Buffer.concat([zip, Buffer.of(0)]),
      Buffer.concat([Buffer.of(0), zip]),
      Buffer.concat([json, Buffer.from('\n')]),
    ]);
  });

  it('that lies about sizes, methods, flags or places', async () => {
    const zip = zipOf(inOrder(honest));
    const central = zip.indexOf(Buffer.from('504b0102', 'hex'));
    const lies = [
      [8, 1],
      [10, 8],
      [12, 1],
      [16, 1],
      [20, 0xfff0],
      [24, 0xfff0],
      [26, 0xffff],
      [28, 0xffff],
      [30, 4],
      [32, 4],
      [34, 1],
      [36, 1],
      [38, 1],
      [42, 7],
      [44, 0xffff],
    ] as const;
    const bent = lies.map(([at, value]) => {
      const copy = Buffer.from(zip);
      copy.writeUInt16LE(value, central + at);
      return copy;
    });
    const ends = [
      [4, 1],
      [8, 1],
      [10, 0xffff],
      [12, 0xffff],
      [16, 0xffff],
      [20, 1],
    ] as const;
    await failing([
      ...bent,
      ...ends.map(([at, value]) => {
        const copy = Buffer.from(zip);
        copy.writeUInt16LE(value, zip.length - 22 + at);
        return copy;
      }),
    ]);
  });

  describe('as a ZIP', () => {
    const NAME = 'keys/log.vkey';
    /** The honest one in which the headers of one file were changed: the one before it, and that in the directory at the end. */
    const bent = (change: (local: Buffer, central: Buffer) => void): Buffer => {
      const zip = zipOf(inOrder(honest));
      change(zip.subarray(zip.indexOf(NAME) - 30), zip.subarray(zip.lastIndexOf(NAME) - 46));
      return zip;
    };
    const DAMAGED = `${NAME}: the file is damaged`;
    const DIFFERENT = `${NAME}: the two headers of the file do not agree`;

    it('with a checksum that is not that of the file', async () => {
      const [verdict] = await failing([
        bent((local, central) => {
          local.writeUInt32LE(7, 14);
          central.writeUInt32LE(7, 16);
        }),
      ]);
      expect(reasonsOf(verdict!)).toBe(DAMAGED);
    });

    it.each([
      ['mark', 0],
      ['version', 4],
      ['flags', 6],
      ['method', 8],
      ['time', 10],
      ['date', 12],
      ['checksum', 14],
      ['packed size', 18],
      ['size', 22],
      ['length of the name', 26],
      ['length of extra fields', 28],
      ['name', 30],
    ])('with another %s before the file than in the directory', async (_what, at) => {
      const [verdict] = await failing([bent((local) => void local.writeUInt8(local.readUInt8(at) ^ 1, at))]);
      expect(reasonsOf(verdict!)).toBe(DIFFERENT);
    });
  });

  it('of nonsense, of nothing, nested without end, or of a great many small things', async () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    await failing([
      ...[
        '',
        'PK',
        '{}',
        '[]',
        'null',
        '{"common":',
        '{"common":{}}\n',
        deep,
        `{"a":${deep}}`,
        `{"a":"${'A'.repeat(7)}"}`,
        '{"a":{"b":1}}',
      ].map((text) => Buffer.from(text)),
      Buffer.alloc(5_000, 0x80),
      Buffer.from(`{"common":${'[[],'.repeat(5_000_000)}`),
    ]);
    await failing([
      jsonOf(resigned(put('checkpoints/after.note', '\n'.repeat(1_000_000)))),
      jsonOf(tampered(put('manifest.json', deep))),
    ]);
  });

  it('with as many checkpoints, lines of witnesses and messages as there may be, takes no time to speak of', async () => {
    const { noise, before, optIn, shown, after } = honestPlan(tsa, self);
    const first = START + 6_000;
    const checkpoints = Array.from({ length: 1_998 }, (_, at): Step[] => [
      at < 500 ? { do: 'sends', at: first + at, n: 2, grant: 1, position: 0, of: 1 } : { do: 'others' },
      { do: 'checkpoint', which: 'at', witnessedAt: first + at, lines: 100 },
    ]);
    const steps: Step[] = [noise, before, optIn, shown, ...checkpoints.flat(), after];
    const verdict = await auditor.judge(jsonOf(makeBundle(CAST, steps)), TRUSTING);
    expect([verdict.exit, reasonsOf(verdict)]).toEqual([0, '']);
  }, 60_000);

  it('with one bit changed anywhere, is never a proof', async () => {
    const zip = zipOf(inOrder(honest));
    const picks = fc.sample(fc.tuple(fc.integer({ min: 0, max: zip.length - 1 }), fc.integer({ min: 0, max: 7 })), {
      numRuns: 40,
      seed: 1,
    });
    await failing(
      picks.map(([at, bit]) => {
        const bent = Buffer.from(zip);
        bent.writeUInt8(bent.readUInt8(at) ^ (1 << bit), at);
        return bent;
      }),
    );
  });
});
