import type { KeyRing } from '../keyring.types';
import {
  bundleSigner,
  erasureSigner,
  isSignedBy,
  noteSigner,
  parseCheckpoint,
  parseNote,
  parseVkey,
  signNote,
  vkeyOf,
  type Checkpoint,
  type NoteSigner,
} from './note.rules';

/** The key of the log, under the log's name. */
export const logSigner = (keyRing: KeyRing, origin: string): NoteSigner =>
  noteSigner(origin, keyRing.systemKey('log-signing'));

/** What verifiers are given of the log's key. */
export const logVkey = (keyRing: KeyRing, origin: string): string => vkeyOf(logSigner(keyRing, origin));

/** Whoever signs at a moment: the key of the log, and those it took the place of as long as they sign beside it. */
export function logSigners(keyRing: KeyRing, origin: string, now: Date): [NoteSigner, ...NoteSigner[]] {
  const beside = keyRing
    .formerLogKeys()
    .flatMap(({ seed, signsUntil }) =>
      seed !== null && (signsUntil === null || now < signsUntil) ? [noteSigner(origin, seed)] : [],
    );
  return [logSigner(keyRing, origin), ...beside.reverse()];
}

interface SignerDeps {
  readonly keyRing: KeyRing;
  readonly logOrigin: string;
}

/** Signs what an export names, as everybody who signs the log now. */
export function signManifest({ keyRing, logOrigin }: SignerDeps, text: string, now: Date): string {
  const [first, ...others] = logSigners(keyRing, logOrigin, now);
  return signNote(text, bundleSigner(first), ...others.map(bundleSigner));
}

/** Whether a key of this log has signed what an export names. */
export function isManifestSigned(keyRing: KeyRing, origin: string, noteText: string, text: string): boolean {
  const note = parseNote(noteText);
  if (note?.text !== text) return false;
  return logKeys(keyRing, origin).some(({ vkey }) => {
    const key = parseVkey(vkey);
    if (key === null) return false;
    const { name, publicKey } = key;
    const asBundle = parseVkey(vkeyOf({ name: `${name}/bundle`, publicKey }));
    return asBundle !== null && isSignedBy(note, asBundle);
  });
}

/** The same for a certificate of erasure. */
export function signCertificate({ keyRing, logOrigin }: SignerDeps, text: string, now: Date): string {
  const [first, ...others] = logSigners(keyRing, logOrigin, now);
  return signNote(text, erasureSigner(first), ...others.map(erasureSigner));
}

/** A key by which this log is, or was, signed. */
export interface LogKey {
  readonly vkey: string;
  /** Leaf of the entry that names the next key; null while there is none. Alone, this key signs no checkpoint that holds it. */
  readonly successorLeaf: number | null;
  /** When it ends, or ended, to sign; null while that is not known. */
  readonly signsUntil: Date | null;
}

/** All keys of the log, the oldest first and the one that signs now last. */
export function logKeys(keyRing: KeyRing, origin: string): [...LogKey[], LogKey] {
  const former = keyRing.formerLogKeys().map(({ publicKey, successorLeaf, signsUntil }) => ({
    vkey: vkeyOf({ name: origin, publicKey }),
    successorLeaf,
    signsUntil,
  }));
  return [...former, { vkey: logVkey(keyRing, origin), successorLeaf: null, signsUntil: null }];
}

/** The checkpoint of a note that a key of ours signed in its time; null for anything else. */
export function readSignedCheckpoint(keyRing: KeyRing, origin: string, noteText: string): Checkpoint | null {
  const note = parseNote(noteText);
  const checkpoint = note === null ? null : parseCheckpoint(note.text);
  if (note === null || checkpoint?.origin !== origin) return null;
  const isOurs = logKeys(keyRing, origin).some(({ vkey, successorLeaf }) => {
    const key = parseVkey(vkey);
    const isInTime = successorLeaf === null || checkpoint.size <= successorLeaf;
    return isInTime && key !== null && isSignedBy(note, key);
  });
  return isOurs ? checkpoint : null;
}
