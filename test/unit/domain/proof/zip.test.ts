import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BundleFile } from '../../../../src/domain/proof/proof.types';
import { zipOf } from '../../../../src/domain/proof/zip';

async function zipped(files: readonly BundleFile[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of zipOf(files)) parts.push(part);
  return Buffer.concat(parts);
}

const file = (name: string, text: string): BundleFile => ({ path: name, bytes: Buffer.from(text) });

/** What another program prints about it. */
function readBack(zip: Buffer, print: string): string[] {
  const dir = mkdtempSync(path.join(tmpdir(), 'assent-zip-'));
  writeFileSync(path.join(dir, 'a.zip'), zip);
  const script = `import sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\n${print}`;
  const { stdout, stderr } = spawnSync('python3', ['-c', script, path.join(dir, 'a.zip')], { encoding: 'utf8' });
  rmSync(dir, { recursive: true });
  return stderr === '' ? stdout.trimEnd().split('\n') : [stderr];
}

const EVERY_FILE =
  'assert z.testzip() is None\n' +
  'for i in z.infolist(): print(i.filename,i.file_size,i.date_time[0],i.compress_type,len(i.extra),i.flag_bits)';

it('is read by another program, stored, without times and extras', async () => {
  const zip = await zipped([file('a/b.txt', 'one'), file('a/c.bin', ''), file('d', 'three')]);
  expect(readBack(zip, EVERY_FILE)).toEqual(['a/b.txt 3 1980 0 0 0', 'a/c.bin 0 1980 0 0 0', 'd 5 1980 0 0 0']);
});

it('is the same to the byte each time, and small in what it adds', async () => {
  const files = [file('a', 'x'.repeat(1_000)), file('b', 'y')];
  const zip = await zipped(files);
  expect((await zipped(files)).equals(zip)).toBe(true);
  expect(zip.length).toBe(1_001 + 2 * (30 + 1) + 2 * (46 + 1) + 22);
});

it('holds more files than the old format can count', async () => {
  const files = Array.from({ length: 65_536 }, (_, at) => file(String(at), ''));
  const print = 'print(len(z.infolist()), z.infolist()[-1].filename)';
  expect(readBack(await zipped(files), print)).toEqual(['65536 65535']);
});

it('hands every file on before it asks for the next', async () => {
  let asked = 0;
  const files = function* (): Generator<BundleFile> {
    for (const name of ['a', 'b', 'c']) {
      asked += 1;
      yield file(name, name);
    }
  };
  const zip = zipOf(files());
  await zip.next();
  expect(asked).toBe(1);
  await zip.return(undefined);
});
