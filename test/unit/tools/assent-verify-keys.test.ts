import {
  jsonOf,
  makeBundle,
  signerOf,
  withManifest,
  type Files,
  type KeyStep,
  type Signer,
  type Step,
} from '../../support/bundle-fixture';
import { makeTestTsa, type TestTsa } from '../../support/test-tsa';
import { reasonsOf, type Verdict } from '../../support/verifier';
import { changedCopy, openAuditor, CAST, witnessedPlan, type Auditor } from './bundle-world';

const [FIRST, SECOND, THIRD, THIEF] = [
  CAST.log,
  ...[7, 8, 9].map((n) => signerOf(CAST.log.name, Buffer.alloc(32, n))),
] as [Signer, Signer, Signer, Signer];

let tsa: TestTsa;
let auditor: Auditor;
beforeAll(() => {
  tsa = makeTestTsa();
  auditor = openAuditor();
});
afterAll(() => {
  auditor.close();
  tsa.close();
});

const names = (key: Signer, fields: KeyStep['fields'] = {}): KeyStep => ({ do: 'key', names: key, fields });
const at = (...by: readonly Signer[]): Step => ({ do: 'checkpoint', which: 'at', by });

/**
 * A person's chain around which the log got new keys: `between` and the checkpoint before it are by the first; what `turn` does comes
 * behind it, and `last` sign the newest checkpoint and the manifest.
 */
function bundle(turn: readonly Step[], last: readonly Signer[], begins: readonly Step[] = [names(FIRST)]): Files {
  const { noise, before, optIn, shown, between, first, after } = witnessedPlan(tsa);
  return makeBundle(CAST, [...begins, noise, before, optIn, shown, between, first, ...turn, { ...after, by: last }]);
}

const judge = (files: Files, ...keys: readonly Signer[]): Promise<Verdict> =>
  auditor.judgeFast(jsonOf(files), [...keys.flatMap(({ vkey }) => ['--key', vkey]), '--witness', CAST.witness.vkey]);
const HOLDS = '';
const outcome = async (files: Files, ...keys: readonly Signer[]): Promise<string> => {
  const verdict = await judge(files, ...keys);
  if (verdict.exit !== 1) return HOLDS;
  return reasonsOf(verdict, 1);
};
const NOT_SIGNED = /is not signed with/;

describe('a log whose key was replaced', () => {
  const honest = (): Files =>
    bundle([names(SECOND), at(SECOND, FIRST), names(THIRD), at(THIRD, SECOND), { do: 'others' }], [THIRD]);

  it('is proved by each of its keys, and by no other', async () => {
    for (const key of [FIRST, SECOND, THIRD]) expect(await outcome(honest(), key)).toBe(HOLDS);
    expect(await outcome(honest(), THIEF)).toMatch(NOT_SIGNED);
    expect(await outcome(honest(), THIEF, FIRST)).toBe(HOLDS);
  });

  it('is proved while both keys sign, by either of them', async () => {
    const files = bundle([names(SECOND)], [SECOND, FIRST]);
    for (const key of [FIRST, SECOND]) expect(await outcome(files, key)).toBe(HOLDS);
  });

  it('needs no checkpoint of its own for what the newest one shows', async () => {
    expect(await outcome(bundle([names(SECOND)], [SECOND, FIRST]), FIRST)).toBe(HOLDS);
    // The newest one is by the new key alone, and nobody has vouched for that.
    expect(await outcome(bundle([names(SECOND)], [SECOND]), FIRST)).toMatch(NOT_SIGNED);
  });
});

describe('a key is not believed', () => {
  it('that a checkpoint names which does not hold its entry yet', async () => {
    expect(await outcome(bundle([at(FIRST), names(SECOND), at(SECOND)], [SECOND]), FIRST)).toMatch(NOT_SIGNED);
  });

  it('that only a key vouches for which nobody vouches for', async () => {
    const files = bundle([names(SECOND), at(SECOND), names(THIRD), at(THIRD, SECOND)], [THIRD]);
    expect(await outcome(files, FIRST)).toMatch(NOT_SIGNED);
    expect(await outcome(files, SECOND)).toBe(HOLDS);
  });

  it('for being in keys/log.vkey', async () => {
    const files = changedCopy(bundle([names(SECOND)], [SECOND, FIRST]), (all) => {
      all.set('keys/log.vkey', Buffer.from(`${THIEF.vkey}\n`));
    });
    expect(await outcome(withManifest(files, [SECOND, FIRST]), FIRST)).toMatch(/keys\/log\.vkey is another key/);
  });

  it('that the log does not hold, whoever signs the bundle', async () => {
    const honest = bundle([names(SECOND), at(SECOND, FIRST)], [SECOND]);
    for (const what of ['json', 'nonce', 'tlog-proof']) {
      const bent = changedCopy(honest, (all) => {
        const other = bundle([names(THIEF), at(SECOND, FIRST)], [SECOND]);
        all.set(`keys/0002.${what}`, other.get(`keys/0002.${what}`)!);
      });
      if (bent.get(`keys/0002.${what}`)!.equals(honest.get(`keys/0002.${what}`)!)) continue;
      expect(await outcome(withManifest(bent, SECOND), SECOND)).toMatch(
        /inclusion proof fails|leads to another checkpoint/,
      );
    }
  });

  it('by a signature in the name of a trusted key that does not hold', async () => {
    const files = bundle([names(SECOND), at(SECOND, FIRST)], [SECOND]);
    const note = [...files.keys()].filter((path) => /^checkpoints\/at-\d+\.note$/.test(path)).at(-1)!;
    const bent = changedCopy(files, (all) => {
      all.set(
        note,
        Buffer.from(
          all
            .get(note)!
            .toString()
            .replace(/.{6}=\n$/, 'AAAAAA=\n'),
        ),
      );
    });
    expect(await outcome(withManifest(bent, SECOND), FIRST)).toMatch(NOT_SIGNED);
  });

  it('under a checkpoint that is not the beginning of the log', async () => {
    const files = bundle([names(SECOND), at(SECOND, FIRST)], [SECOND]);
    const other = bundle([{ do: 'others' }, at(SECOND, FIRST)], [SECOND]);
    const note = [...files.keys()].filter((path) => /^checkpoints\/at-\d+\.note$/.test(path)).at(-1)!;
    const bent = changedCopy(files, (all) => void all.set(note, other.get(note)!));
    expect(bent.get(note)).not.toEqual(files.get(note));
    expect(await outcome(withManifest(bent, SECOND), FIRST)).toMatch(/it was rewritten/);
  });
});

describe('an ended key in the hands of a thief', () => {
  it('vouches for no log and no manifest to whoever holds a later one', async () => {
    // All of it was signed by the log, up to the entry of the second key; then the thief goes on by themselves.
    const forged = bundle([names(SECOND), at(SECOND, FIRST), { do: 'others' }], [FIRST]);
    expect(await outcome(forged, SECOND)).toMatch(NOT_SIGNED);
    const honest = bundle([names(SECOND), at(SECOND, FIRST)], [SECOND]);
    expect(await outcome(withManifest(honest, FIRST), SECOND)).toMatch(/manifest\.note is not signed with/);
  });

  it('does not pass for a later one by leaving out what the log says of the key that was given', async () => {
    const forged = bundle([names(SECOND), at(SECOND, FIRST), { do: 'others' }], [FIRST]);
    const without = changedCopy(forged, (all) => {
      for (const what of ['json', 'nonce', 'tlog-proof']) all.delete(`keys/0002.${what}`);
    });
    expect(await outcome(withManifest(without, FIRST), SECOND)).toMatch(NOT_SIGNED);
  });
});

describe('an older checkpoint', () => {
  const turned = (by: Signer): Files => bundle([at(by), names(SECOND), at(SECOND, FIRST)], [SECOND]);

  it('may be by an earlier key that the log names, for whoever holds a later one', async () => {
    expect(await outcome(turned(FIRST), SECOND)).toBe(HOLDS);
  });

  it('is by a key that the log names', async () => {
    expect(await outcome(turned(THIEF), SECOND)).toMatch(NOT_SIGNED);
    const unnamed = bundle([at(FIRST), names(SECOND), at(SECOND, FIRST)], [SECOND], []);
    expect(await outcome(unnamed, SECOND)).toMatch(NOT_SIGNED);
  });
});

it.each([
  ['another kind', { kind: 'settings' }, /does not name a key of the log/],
  ['another field', { page: '1' }, /other fields/],
  ['a key of another log', { vkey: signerOf('log.example.net/other', Buffer.alloc(32, 7)).vkey }, /of another log/],
  ['a key that is none', { vkey: 'log.example.com/consent+00000000+AAAA' }, /does not name a key/],
  ['a witness', { vkey: signerOf(CAST.log.name, Buffer.alloc(32, 7), 4).vkey }, /does not name a key/],
])('an entry of a key that is %s is refused', async (_name, fields, sentence) => {
  expect(await outcome(bundle([names(SECOND, fields)], [SECOND, FIRST]), FIRST)).toMatch(sentence);
});

it('files of keys that belong to no entry have no place in a bundle', async () => {
  const files = bundle([names(SECOND)], [SECOND, FIRST]);
  const stray = changedCopy(files, (all) => void all.set('keys/0009.nonce', Buffer.alloc(64)));
  expect(await outcome(withManifest(stray, [SECOND, FIRST]), FIRST)).toMatch(/has no place in a bundle/);
});

it('keys of more than one log are not taken together', async () => {
  const other = signerOf('log.example.net/other', Buffer.alloc(32, 1));
  const args = ['--key', FIRST.vkey, '--key', other.vkey];
  const { exit, text } = await auditor.read(jsonOf(bundle([], [FIRST])), args);
  expect([exit, text]).toEqual([1, expect.stringContaining('the keys are of more than one log')]);
});

it.each([
  ['--key', FIRST],
  ['--witness', CAST.witness],
])('a key given as %s with the id of another is not taken', async (option, { name, vkey }) => {
  const bent = `${name}+00000000+${vkey.split('+').slice(2).join('+')}`;
  const { exit, text } = await auditor.read(jsonOf(bundle([], [FIRST])), ['--key', FIRST.vkey, option, bent]);
  expect([exit, text]).toEqual([1, expect.stringContaining(`${option}: the key id of a verifier key is wrong`)]);
});
