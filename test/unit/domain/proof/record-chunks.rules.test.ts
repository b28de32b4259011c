import { createHash } from 'node:crypto';
import { CHUNK_RECORDS, chunkHashes } from '../../../../src/domain/proof/record-chunks.rules';

const lines = (count: number): string[] => Array.from({ length: count }, (_, at) => `${String(at)}\n`);
function chunks(some: readonly string[]): (readonly [string, string])[] {
  const hashes = chunkHashes();
  for (const line of some) hashes.add(Buffer.from(line));
  return hashes.end().map(({ path, sha256 }) => [path, sha256]);
}
const sha256 = (some: readonly string[]): string => createHash('sha256').update(some.join('')).digest('hex');

it('are 100 lines each, numbered from one, the last one fewer', () => {
  const all = lines(2 * CHUNK_RECORDS + 1);
  expect(chunks(all)).toEqual([
    ['chunks/000001.ndjson', sha256(all.slice(0, 100))],
    ['chunks/000002.ndjson', sha256(all.slice(100, 200))],
    ['chunks/000003.ndjson', sha256(['200\n'])],
  ]);
  expect(chunks(lines(CHUNK_RECORDS))).toHaveLength(1);
  expect(chunks([])).toEqual([]);
});
