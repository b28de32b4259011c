import { createHmac } from 'node:crypto';
import { HASH_BYTES, sha256, treeHead } from '../../../kernel/crypto/merkle';
import { InvariantError } from '../../../kernel/errors';

const NONCE_BYTES = 64;

function requireLength(bytes: Buffer, length: number, what: string): Buffer {
  if (bytes.length === length) return bytes;
  throw new InvariantError('ledger_input', `${what} must have ${length} bytes`);
}

/**
 * Commits to an entry: `SHA-256( SHA-256(body) || r )`.
 *
 * @param r 64 random bytes, one per entry and never used again: with half of them the commitment would only be hidden
 *   from someone of bounded means, and for ever is what it is meant for
 */
export function commitment(body: Buffer, r: Buffer): Buffer {
  return sha256(sha256(body), requireLength(r, NONCE_BYTES, 'the nonce of a commitment'));
}

/**
 * The nonce of one attempt to send: made from the lead's key, so that it is kept nowhere and dies with that key.
 *
 * A row that was claimed, not posted and claimed again commits anew, hence the attempt.
 *
 * @returns 64 bytes
 */
export function sendNonce(dek: Buffer, deliveryId: string, attempt: number): Buffer {
  requireLength(dek, HASH_BYTES, 'the key of a lead');
  return createHmac('sha512', dek).update(`assent/send/v1|${deliveryId}|${attempt}`).digest();
}

/** Commits to one message of a chunk. Hidden as long as the lead's key of 32 bytes is; see `sendNonce`. */
export const sendCommitment = (body: Buffer, nonce: Buffer): Buffer => commitment(body, nonce);

/** What the `sends` entry of a chunk says of its messages: the tree head over their commitments, in claim order. */
export function sendsRoot(commitments: readonly Buffer[]): Buffer {
  if (commitments.length === 0) throw new InvariantError('ledger_input', 'a chunk holds at least one message');
  for (const one of commitments) requireLength(one, HASH_BYTES, 'a commitment');
  return treeHead(commitments);
}

/** What evidence says of the bytes between two events of a webhook body. They name nobody. */
export const envelopeSegmentHash = (bytes: Buffer): Buffer => sha256(bytes);

/** What evidence says of one event's bytes: a commitment, for they concern a person. `r` is 64 random bytes. */
export const eventSegmentHash = (bytes: Buffer, r: Buffer): Buffer => commitment(bytes, r);

/** Commits to an app secret, whose 256 bits or so need no nonce. The first 8 bytes are the id evidence names it by. */
export const secretCommitment = (secret: string): Buffer => sha256(Buffer.from(`assent/secret-id\n${secret}`, 'utf8'));
