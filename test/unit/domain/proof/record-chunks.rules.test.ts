import { CHUNK_RECORDS, chunksOf } from '../../../../src/domain/proof/record-chunks.rules';

async function chunks(lines: readonly string[], mostBytes: number): Promise<readonly (readonly [string, string])[]> {
  const all: [string, string][] = [];
  for await (const { path, bytes } of chunksOf(
    lines.map((line) => Buffer.from(line)),
    mostBytes,
  ))
    all.push([path, bytes.toString()]);
  return all;
}
const lines = (count: number): string[] => Array.from({ length: count }, (_, at) => `${String(at)}\n`);

it('are 100 lines each, numbered from one, the last one fewer', async () => {
  const all = await chunks(lines(2 * CHUNK_RECORDS + 1), Infinity);
  expect(all.map(([path]) => path)).toEqual(['chunks/000001.ndjson', 'chunks/000002.ndjson', 'chunks/000003.ndjson']);
  expect(all.map(([, text]) => text).join('')).toBe(lines(2 * CHUNK_RECORDS + 1).join(''));
  expect(all[2]?.[1]).toBe('200\n');
  expect(await chunks(lines(CHUNK_RECORDS), Infinity)).toHaveLength(1);
  expect(await chunks([], Infinity)).toEqual([]);
});

it('end before they outgrow their bytes, but for a line that does so alone', async () => {
  const texts = async (...some: string[]) => (await chunks(some, 6)).map(([, text]) => text);
  expect(await texts('aa\n', 'bb\n', 'cc\n')).toEqual(['aa\nbb\n', 'cc\n']);
  expect(await texts('aa\n', 'too long\n', 'bb\n')).toEqual(['aa\n', 'too long\n', 'bb\n']);
});

it('hands a chunk on before it reads the next', async () => {
  let read = 0;
  const source = function* () {
    for (const line of lines(1_000)) {
      read += 1;
      yield Buffer.from(line);
    }
  };
  const iterator = chunksOf(source(), Infinity);
  await iterator.next();
  expect(read).toBe(CHUNK_RECORDS);
  await iterator.return(undefined);
});
