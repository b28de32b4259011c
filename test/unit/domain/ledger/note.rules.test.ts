import {
  bundleSigner,
  checkpointText,
  cosignedAt,
  isSignedBy,
  noteSigner,
  parseCheckpoint,
  parseNote,
  parseSignatureLine,
  parseVkey,
  signNote,
  vkeyOf,
} from '../../../../src/domain/ledger/note.rules';
import { secondOpinion } from '../../../support/second-opinion';
import { inputsOf, naivePath, naiveRoot } from './naive-tree';

const SIGNER = noteSigner('log.example.com/consent', Buffer.alloc(32, 1));
const ROOT = Buffer.from('8483d1a82d0a217ad4f0a1a682d21ed5d159998aa34d24747f015c0fc08cf562', 'hex');
const TEXT = checkpointText({ origin: SIGNER.name, size: 2, root: ROOT });
const NOTE = `log.example.com/consent
2
hIPRqC0KIXrU8KGmgtIe1dFZmYqjTSR0fwFcD8CM9WI=

\u2014 log.example.com/consent igyKOkoM2dPl42xDVI0wrEscQNj/u8wVy1EqkilHklMaTcle+ZXt0RAATxeKxQ94dngL07vHMgE5k4Jpd4t8ht/z2Qs=
`;

it('signs the known checkpoint with the known key', () => {
  expect(vkeyOf(SIGNER)).toBe('log.example.com/consent+8a0c8a3a+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c');
  expect(signNote(TEXT, SIGNER)).toBe(NOTE);
  expect(parseCheckpoint(TEXT)).toEqual({ origin: SIGNER.name, size: 2, root: ROOT });
  expect(isSignedBy(parseNote(NOTE)!, parseVkey(vkeyOf(SIGNER))!)).toBe(true);
});

it('verifies the example of the C2SP signed-note page', () => {
  const key = parseVkey('example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k')!;
  const signature = 'Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=';
  const note = parseNote(`This is an example message.\n\n\u2014 example.com/foo ${signature}\n`)!;
  expect(isSignedBy(note, key)).toBe(true);
  expect(isSignedBy({ ...note, text: 'This is another message.\n' }, key)).toBe(false);
});

it('reads the known cosignature of a witness, and its time', () => {
  const witness = noteSigner('witness.example.org/w1', Buffer.alloc(32, 2));
  const key = parseVkey(vkeyOf(witness, 4))!;
  const line = parseSignatureLine(
    '\u2014 witness.example.org/w1 bX75BwAAAABrBBFA7YiIaDNORNadP/mVjZ/4J7p7MnOuY1/GR7VfG7LDUCIobcrZCcgxubX7unpQ4JBE7x3uyGec03muw705obuoDQ==',
  )!;
  expect(cosignedAt(TEXT, line, key)).toEqual(new Date(1_795_428_672_000));
  expect(cosignedAt(TEXT.replace('2\n', '3\n'), line, key)).toBeNull();
  expect(cosignedAt(TEXT, line, parseVkey(vkeyOf(SIGNER))!)).toBeNull();
  const later = Buffer.from(line.signature);
  later[7] = (later[7] ?? 0) ^ 1;
  expect(cosignedAt(TEXT, { ...line, signature: later }, key)).toBeNull();
});

it('signs exports under a name of their own, so that neither passes for the other', () => {
  const bundle = bundleSigner(SIGNER);
  const note = parseNote(signNote('assent-bundle/v1\nx\n', bundle))!;
  expect(isSignedBy(note, parseVkey(vkeyOf(bundle))!)).toBe(true);
  expect(isSignedBy(note, parseVkey(vkeyOf(SIGNER))!)).toBe(false);
});

it.each([
  '',
  'a+b',
  'log.example.com/consent+00000000+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c',
  'other.example.com+8a0c8a3a+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c',
  'log.example.com/consent+8a0c8a3a+AoqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c',
  'log.example.com/consent+8a0c8a3a+AYqI',
])('takes %j for no key', (text) => {
  expect(parseVkey(text)).toBeNull();
});

it.each(['', 'text\n', 'text\n\n', `${TEXT}\nno dash\n`, NOTE.slice(0, -1), `${TEXT}\n\u2014 a b!\n`])(
  'takes %j for no note',
  (text) => {
    expect(parseNote(text)).toBeNull();
  },
);

it.each(['x\n1\n', 'x\n01\nhIPRqC0KIXrU8KGmgtIe1dFZmYqjTSR0fwFcD8CM9WI=\n', 'x\n1\nAAAA\n', `${TEXT}more\n`])(
  'takes %j for no checkpoint',
  (text) => {
    expect(parseCheckpoint(text)).toBeNull();
  },
);

describe('checkpoints and inclusion proofs, checked with sigstore', () => {
  const inputs = inputsOf(77);
  const root = naiveRoot(inputs);
  const note = signNote(checkpointText({ origin: SIGNER.name, size: inputs.length, root }), SIGNER);
  const holds = secondOpinion(vkeyOf(SIGNER));
  const claimOf = (index: number) => ({ note, index, input: inputs[index]!, path: naivePath(index, inputs) });

  it('hold for every leaf', () => {
    expect([...inputs.keys()].every((index) => holds(claimOf(index)))).toBe(true);
  });

  it('fail for another leaf, another path, another signature', () => {
    const forged = signNote(parseNote(note)!.text, noteSigner(SIGNER.name, Buffer.alloc(32, 9)));
    expect(holds({ ...claimOf(3), input: inputs[4]! })).toBe(false);
    expect(holds({ ...claimOf(3), path: naivePath(4, inputs) })).toBe(false);
    expect(holds({ ...claimOf(3), note: forged })).toBe(false);
  });
});
