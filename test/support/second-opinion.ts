import { createPublicKey } from 'node:crypto';
import { verifyCheckpoint } from '@sigstore/verify/dist/tlog/checkpoint';
import { verifyMerkleInclusion } from '@sigstore/verify/dist/tlog/merkle';
import { parseVkey } from '../../src/domain/ledger/note.rules';

export interface Claim {
  /** The signed checkpoint. */
  readonly note: string;
  readonly index: number;
  readonly input: Buffer;
  readonly path: readonly Buffer[];
}

/** What the transparency-log part of sigstore, written by others, says of a checkpoint and an inclusion proof. */
export function secondOpinion(vkey: string): (claim: Claim) => boolean {
  const key = parseVkey(vkey)!;
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key.publicKey]);
  const log = {
    publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
    logID: key.keyId,
    baseURL: `https://${key.name}`,
    validFor: { start: new Date(0), end: new Date(8e15) },
  };
  return ({ note, index, input, path }) => {
    const entry = {
      canonicalizedBody: input,
      inclusionProof: { logIndex: String(index), hashes: path, checkpoint: { envelope: note } },
    } as unknown as Parameters<typeof verifyCheckpoint>[0];
    const logs = [log] as unknown as Parameters<typeof verifyCheckpoint>[1];
    try {
      verifyMerkleInclusion(entry, verifyCheckpoint(entry, logs));
      return true;
    } catch {
      return false;
    }
  };
}
