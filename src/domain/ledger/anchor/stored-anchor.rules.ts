import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { sha256 } from '../../../kernel/crypto/merkle';
import { cosignedAt, parseNote, parseSignatureLine, parseVkey, type VerifierKey } from '../note.rules';
import type { AnchorClass } from './anchor.types';
import { SELF, selfAuthority } from './self-timestamp.rules';
import { checkTimestamp } from './timestamp.rules';

/** An anchor as it is kept. */
export interface KeptAnchor {
  readonly name: string;
  readonly class: AnchorClass;
  readonly token: Buffer;
  readonly certificates: string | null;
}

/** Reads when an anchor says that it saw a checkpoint; null when it says so of something else, or somebody else says it. */
export type ReadAnchorTime = (anchor: KeptAnchor, note: string) => Date | null;

/**
 * Anchors are read as they were when they were taken, except that the nonce of the question is not kept, nor the key of a witness: a
 * witness that `witnessVkeys` does not name is believed when its line has the form of one.
 *
 * @param selfSeed 32 bytes, of the built-in authority
 */
export function anchorReader(selfSeed: Buffer, witnessVkeys: readonly string[]): ReadAnchorTime {
  const own = spkiOf(createPublicKey(selfAuthority(selfSeed).privateKey));
  const witnesses = witnessVkeys.flatMap((vkey) => parseVkey(vkey) ?? []);
  return (anchor, note) => {
    try {
      return anchor.class === 'witness' ? cosignedTime(anchor, note, witnesses) : stampedTime(anchor, note, own);
    } catch {
      // The bytes are anybody's, and what libraries make of them is not known.
      return null;
    }
  };
}

const spkiOf = (key: KeyObject): string => key.export({ format: 'der', type: 'spki' }).toString('hex');

/** Whoever vouches from outside does not use the key that this installation stamps with, and the reverse. */
function stampedTime({ name, class: kind, token, certificates }: KeptAnchor, note: string, own: string): Date | null {
  const checked = checkTimestamp(token, { imprint: sha256(Buffer.from(note)), nonce: null, authorities: [] });
  if (!checked.ok || checked.certificates.join('') !== certificates) return null;
  const isSelf = checked.certificates.some((pem) => spkiOf(new X509Certificate(pem).publicKey) === own);
  const isNamed = (kind === 'self') === isSelf && (kind === 'self') === (name === SELF);
  return isNamed ? checked.at : null;
}

const TIME_BYTES = 8;
const COSIGNATURE_BYTES = TIME_BYTES + 64;

function cosignedTime(
  { name, token, certificates }: KeptAnchor,
  note: string,
  witnesses: readonly VerifierKey[],
): Date | null {
  const line = token.toString('utf8');
  const signature = parseSignatureLine(line.slice(0, -1));
  const text = parseNote(note)?.text;
  if (signature?.line !== line || signature.name !== name || text === undefined || certificates !== null) return null;
  if (signature.signature.length !== COSIGNATURE_BYTES) return null;
  const key = witnesses.find((one) => one.name === name && one.keyId.equals(signature.keyId));
  if (key !== undefined) return cosignedAt(text, signature, key);
  const at = new Date(Number(signature.signature.readBigUInt64BE(0)) * 1000);
  return Number.isNaN(at.getTime()) ? null : at;
}
