import { createHash } from 'node:crypto';

/** Records of one chunk: docs/proof-bundle.md, section 5. */
export const CHUNK_RECORDS = 100;
/** A verifier refuses a longer line; docs/verify.md. */
export const MOST_RECORD_BYTES = 64 * 1024 * 1024;
const DIGITS = 6;

export const chunkPath = (nth: number): string => `chunks/${String(nth).padStart(DIGITS, '0')}.ndjson`;

/** Hashes a stream of records as chunks of 100, as they come. */
export function chunkHashes() {
  const hashes: { readonly path: string; readonly sha256: string }[] = [];
  let hash = createHash('sha256');
  let lines = 0;
  const close = (): void => {
    hashes.push({ path: chunkPath(hashes.length + 1), sha256: hash.digest('hex') });
    [hash, lines] = [createHash('sha256'), 0];
  };
  return {
    /** @param line with its newline */
    add: (line: Buffer): void => {
      hash.update(line);
      lines += 1;
      if (lines === CHUNK_RECORDS) close();
    },
    /** @returns one of each chunk */
    end: () => {
      if (lines > 0) close();
      return hashes;
    },
  };
}
