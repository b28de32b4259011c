import type { BundleFile } from './proof.types';

/** Records of one chunk: docs/proof-bundle.md, section 5. */
export const CHUNK_RECORDS = 100;
/** Bytes of one chunk in a ZIP: a verifier holds one in memory. */
export const ZIP_CHUNK_BYTES = 32 * 1024 * 1024;
/** A verifier refuses a longer line; docs/verify.md. */
export const MOST_RECORD_BYTES = 64 * 1024 * 1024;
const DIGITS = 6;

/**
 * Puts lines together to `chunks/000001.ndjson` …, each as soon as it is full, and holds no more than one.
 *
 * @param lines with their newlines
 * @param mostBytes a longer line makes a chunk of its own
 */
export async function* chunksOf(
  lines: AsyncIterable<Buffer> | Iterable<Buffer>,
  mostBytes: number,
): AsyncGenerator<BundleFile> {
  let held: Buffer[] = [];
  let bytes = 0;
  let chunks = 0;
  const close = (): BundleFile => {
    chunks += 1;
    const chunk = { path: `chunks/${String(chunks).padStart(DIGITS, '0')}.ndjson`, bytes: Buffer.concat(held) };
    [held, bytes] = [[], 0];
    return chunk;
  };
  for await (const line of lines) {
    if (held.length > 0 && bytes + line.length > mostBytes) yield close();
    held.push(line);
    bytes += line.length;
    if (held.length === CHUNK_RECORDS) yield close();
  }
  if (held.length > 0) yield close();
}
