import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { sha256 } from '../../kernel/crypto/merkle';
import { InvariantError } from '../../kernel/errors';

/** Signature types. Source: C2SP signed-note and tlog-cosignature, checked 2026-11-26. */
const ED25519 = 0x01;
const COSIGNATURE = 0x04;

const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;
const TIME_BYTES = 8;
const SIGNATURE_BYTES = 64;
/** What a Date can still name. */
const LATEST_SECONDS = 8_640_000_000_000n;
const NEWLINE = Buffer.from('\n');
/** What stands before the 32 bytes of a seed or public key in DER. Source: RFC 8410, section 10. */
const SEED_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const SIGNATURE_LINE = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/;
const CHECKPOINT = /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n$/;
const VKEY = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/;

/** A key that signs notes under a name. */
export interface NoteSigner {
  readonly name: string;
  readonly privateKey: KeyObject;
  /** 32 bytes. */
  readonly publicKey: Buffer;
}

/** @param seed 32 bytes */
export function noteSigner(name: string, seed: Buffer): NoteSigner {
  if (seed.length !== KEY_BYTES) throw new InvariantError('note_key', 'an Ed25519 seed has 32 bytes');
  const privateKey = createPrivateKey({ key: Buffer.concat([SEED_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return { name, privateKey, publicKey: spki.subarray(PUBLIC_PREFIX.length) };
}

function keyId(name: string, type: number, publicKey: Buffer): Buffer {
  return sha256(Buffer.from(name, 'utf8'), NEWLINE, Buffer.from([type]), publicKey).subarray(0, KEY_ID_BYTES);
}

/** The public key of a signer in the form verifiers are given: `<name>+<key id>+<base64 of type and key>`. */
export function vkeyOf({ name, publicKey }: Pick<NoteSigner, 'name' | 'publicKey'>, type = ED25519): string {
  const material = Buffer.concat([Buffer.from([type]), publicKey]).toString('base64');
  return `${name}+${keyId(name, type, publicKey).toString('hex')}+${material}`;
}

export interface VerifierKey {
  readonly name: string;
  readonly keyId: Buffer;
  readonly isWitness: boolean;
  readonly publicKey: Buffer;
}

/** Reads a vkey of a log (type 0x01) or a witness (0x04); null when it is neither, or its key id is not of that key. */
export function parseVkey(text: string): VerifierKey | null {
  const [, name, id, base64] = VKEY.exec(text) ?? [];
  if (name === undefined || id === undefined || base64 === undefined) return null;
  const material = Buffer.from(base64, 'base64');
  const type = material[0];
  const publicKey = material.subarray(1);
  if (publicKey.length !== KEY_BYTES || (type !== ED25519 && type !== COSIGNATURE)) return null;
  const expected = keyId(name, type, publicKey);
  return expected.toString('hex') === id ? { name, keyId: expected, isWitness: type === COSIGNATURE, publicKey } : null;
}

const publicKeyObject = (publicKey: Buffer): KeyObject =>
  createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, publicKey]), format: 'der', type: 'spki' });

export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

/** The text of a checkpoint. Source: C2SP tlog-checkpoint, checked 2026-11-26. */
export const checkpointText = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${root.toString('base64')}\n`;

/** Reads the text of a checkpoint without extension lines; null when it is something else. */
export function parseCheckpoint(text: string): Checkpoint | null {
  const [, origin, size, root] = CHECKPOINT.exec(text) ?? [];
  if (origin === undefined || size === undefined || root === undefined || !Number.isSafeInteger(Number(size)))
    return null;
  return { origin, size: Number(size), root: Buffer.from(root, 'base64') };
}

const signatureLine = (name: string, ...parts: readonly Buffer[]): string =>
  `\u2014 ${name} ${Buffer.concat(parts).toString('base64')}\n`;

/** A signed note: text, empty line, a signature of each signer. @param text ends with a newline */
export function signNote(text: string, ...signers: readonly [NoteSigner, ...NoteSigner[]]): string {
  const message = Buffer.from(text, 'utf8');
  const lines = signers.map(({ name, publicKey, privateKey }) =>
    signatureLine(name, keyId(name, ED25519, publicKey), sign(null, message, privateKey)),
  );
  return `${text}\n${lines.join('')}`;
}

export interface NoteSignature {
  readonly name: string;
  readonly keyId: Buffer;
  /** What follows the key id. */
  readonly signature: Buffer;
  /** With its newline. */
  readonly line: string;
}

export interface Note {
  /** Ends with a newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Takes a signed note apart; null when it is none. Signatures are not checked. */
export function parseNote(note: string): Note | null {
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n')) return null;
  const lines = note.slice(end + 2, -1).split('\n');
  const signatures = lines.map(parseSignatureLine);
  return signatures.every((one) => one !== null) ? { text: note.slice(0, end + 1), signatures } : null;
}

export function parseSignatureLine(line: string): NoteSignature | null {
  const [, name, base64] = SIGNATURE_LINE.exec(line) ?? [];
  if (name === undefined || base64 === undefined) return null;
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length <= KEY_ID_BYTES || bytes.toString('base64') !== base64) return null;
  const [id, signature] = [bytes.subarray(0, KEY_ID_BYTES), bytes.subarray(KEY_ID_BYTES)];
  return { name, keyId: id, signature, line: `${line}\n` };
}

const isBy = ({ name, keyId: id }: NoteSignature, key: VerifierKey): boolean =>
  name === key.name && id.equals(key.keyId);

/**
 * Whether the key of a log has signed the note. A line in its name that does not verify spoils the note, whatever else stands in it.
 * Source: C2SP signed-note, "Signatures", checked 2026-11-26.
 */
export function isSignedBy({ text, signatures }: Note, key: VerifierKey): boolean {
  const own = signatures.filter((one) => isBy(one, key));
  const message = Buffer.from(text, 'utf8');
  return (
    !key.isWitness &&
    own.length > 0 &&
    own.every(
      ({ signature }) =>
        signature.length === SIGNATURE_BYTES && verify(null, message, publicKeyObject(key.publicKey), signature),
    )
  );
}

/**
 * When a witness says that it saw the checkpoint.
 *
 * @returns null when the line is not a valid cosignature by `key`
 */
export function cosignedAt(text: string, one: NoteSignature, key: VerifierKey): Date | null {
  if (!key.isWitness || !isBy(one, key) || one.signature.length !== TIME_BYTES + SIGNATURE_BYTES) return null;
  const seconds = one.signature.readBigUInt64BE(0);
  if (seconds > LATEST_SECONDS) return null;
  const message = Buffer.from(`cosignature/v1\ntime ${String(seconds)}\n${text}`, 'utf8');
  const isValid = verify(null, message, publicKeyObject(key.publicKey), one.signature.subarray(TIME_BYTES));
  return isValid ? new Date(Number(seconds) * 1000) : null;
}

/** The name under which the log's key signs what an export holds; a key id of its own keeps it apart from checkpoints. */
export const bundleSigner = (log: NoteSigner): NoteSigner => ({ ...log, name: `${log.name}/bundle` });

/** The same for certificates of erasure. */
export const erasureSigner = (log: NoteSigner): NoteSigner => ({ ...log, name: `${log.name}/erasure` });
