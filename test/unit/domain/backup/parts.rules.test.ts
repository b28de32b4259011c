import type { ArchiveFile } from '../../../../src/domain/backup/backup.types';
import { lineOf, linesInParts, streamInParts } from '../../../../src/domain/backup/parts.rules';

async function shown(files: AsyncIterable<ArchiveFile>): Promise<string[]> {
  const all: string[] = [];
  for await (const { path, bytes } of files) all.push(`${path} ${bytes.toString()}`);
  return all;
}

async function* source(parts: readonly string[]): AsyncGenerator<Buffer> {
  for (const part of parts) yield await Promise.resolve(Buffer.from(part));
}

describe('linesInParts', () => {
  it('cuts between lines, and never within one', async () => {
    const files = linesInParts('leads', source(['aa\n', 'bb\n', 'c\n', 'a longer one\n', 'd\n']), 6);
    expect(await shown(files)).toEqual([
      'leads/000001.jsonl aa\nbb\n',
      'leads/000002.jsonl c\n',
      'leads/000003.jsonl a longer one\n',
      'leads/000004.jsonl d\n',
    ]);
  });

  it('makes no file of nothing', async () => {
    expect(await shown(linesInParts('leads', source([])))).toEqual([]);
  });
});

describe('streamInParts', () => {
  it.each([[['abcdefgh']], [['a', 'bc', 'defg', 'h']]])('cuts anywhere, and is whole in order: %j', async (parts) => {
    expect(await shown(streamInParts('proofs', 'ndjson', source(parts), 3))).toEqual([
      'proofs/000001.ndjson abc',
      'proofs/000002.ndjson def',
      'proofs/000003.ndjson gh',
    ]);
  });

  it('makes no file of nothing, also at the end', async () => {
    expect(await shown(streamInParts('proofs', 'ndjson', source([])))).toEqual([]);
    expect(await shown(streamInParts('proofs', 'ndjson', source(['abc']), 3))).toEqual(['proofs/000001.ndjson abc']);
  });
});

describe('lineOf', () => {
  it('is one line whatever is in it', () => {
    expect(lineOf({ text: 'a\nb' }).toString()).toBe('{"text":"a\\nb"}\n');
  });
});
