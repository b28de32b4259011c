import {
  logKeys,
  logVkey,
  readSignedCheckpoint,
  signCertificate,
  signManifest,
} from '../../../../src/domain/ledger/log-keys';
import {
  bundleSigner,
  checkpointText,
  erasureSigner,
  isSignedBy,
  noteSigner,
  parseNote,
  parseVkey,
  signNote,
  vkeyOf,
  type NoteSigner,
} from '../../../../src/domain/ledger/note.rules';
import type { FormerLogKey, KeyRing } from '../../../../src/domain/keyring.types';

const ORIGIN = 'log.test/consent';
const [OLD, NEW, FOREIGN] = [1, 2, 3].map((n) => noteSigner(ORIGIN, Buffer.alloc(32, n))) as [
  NoteSigner,
  NoteSigner,
  NoteSigner,
];
const UNTIL = new Date('2026-12-24T00:00:00.000Z');
const before = (at: Date): Date => new Date(at.getTime() - 1);

const FORMER: FormerLogKey = {
  publicKey: OLD.publicKey,
  seed: Buffer.alloc(32, 1),
  successorLeaf: null,
  signsUntil: null,
};
const ringWith = (...former: FormerLogKey[]): KeyRing =>
  ({ systemKey: () => Buffer.alloc(32, 2), formerLogKeys: () => former }) as unknown as KeyRing;

const isBy = (note: string, signer: NoteSigner): boolean => isSignedBy(parseNote(note)!, parseVkey(vkeyOf(signer))!);
const checkpoint = (size: number, ...signers: [NoteSigner, ...NoteSigner[]]): string =>
  signNote(checkpointText({ origin: ORIGIN, size, root: Buffer.alloc(32, 5) }), ...signers);
const read = (keyRing: KeyRing, note: string): number | undefined => readSignedCheckpoint(keyRing, ORIGIN, note)?.size;

describe('who signs', () => {
  const signedBy = (keyRing: KeyRing, now: Date): [boolean, boolean] => {
    const deps = { keyRing, logOrigin: ORIGIN };
    const manifest = signManifest(deps, 'x\n', now);
    const certificate = signCertificate(deps, 'x\n', now);
    const by = (signer: NoteSigner): boolean => isBy(manifest, bundleSigner(signer));
    expect([isBy(certificate, erasureSigner(NEW)), isBy(certificate, erasureSigner(OLD))]).toEqual([by(NEW), by(OLD)]);
    return [by(NEW), by(OLD)];
  };

  it.each([
    ['the only key', [], UNTIL, [true, false]],
    ['both, while the new one waits for its place in the log', [FORMER], new Date(8e12), [true, true]],
    ['both, until the time of the former one is over', [{ ...FORMER, signsUntil: UNTIL }], before(UNTIL), [true, true]],
    ['the new one alone from then on', [{ ...FORMER, signsUntil: UNTIL }], UNTIL, [true, false]],
    ['the new one alone once the seed is gone', [{ ...FORMER, seed: null }], before(UNTIL), [true, false]],
  ] as const)('%s', (_name, former, now, expected) => {
    expect(signedBy(ringWith(...former), now)).toEqual(expected);
  });
});

describe('a checkpoint of ours', () => {
  const ended = { ...FORMER, seed: null, successorLeaf: 7, signsUntil: UNTIL };

  it('is one that the key of now has signed, with whomever else', () => {
    for (const ring of [ringWith(), ringWith(FORMER), ringWith(ended)]) {
      expect(read(ring, checkpoint(9, NEW))).toBe(9);
      expect(read(ring, checkpoint(9, OLD, NEW))).toBe(9);
      expect(read(ring, checkpoint(9, FOREIGN))).toBeUndefined();
    }
    expect(read(ringWith(), checkpoint(9, OLD))).toBeUndefined();
  });

  it('is one that a former key signed alone, as far as it does not hold the entry of its successor', () => {
    expect(read(ringWith(FORMER), checkpoint(9, OLD))).toBe(9);
    expect(read(ringWith(ended), checkpoint(7, OLD))).toBe(7);
    expect(read(ringWith(ended), checkpoint(8, OLD))).toBeUndefined();
    expect(read(ringWith(ended), checkpoint(8, OLD, NEW))).toBe(8);
  });

  it('is of this log', () => {
    const other = signNote(checkpointText({ origin: 'other.test/log', size: 9, root: Buffer.alloc(32) }), NEW);
    expect(read(ringWith(), other)).toBeUndefined();
    expect(read(ringWith(), signNote(`${ORIGIN}\nx\n`, NEW))).toBeUndefined();
  });
});

it('names its keys from the oldest to the one of now', () => {
  const ring = ringWith({ ...FORMER, successorLeaf: 7, signsUntil: UNTIL });
  expect(logKeys(ring, ORIGIN)).toEqual([
    { vkey: vkeyOf(OLD), successorLeaf: 7, signsUntil: UNTIL },
    { vkey: logVkey(ring, ORIGIN), successorLeaf: null, signsUntil: null },
  ]);
  expect(logVkey(ring, ORIGIN)).toBe(vkeyOf(NEW));
});
