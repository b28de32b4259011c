import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { leadKeyFiles } from '../../../../src/platform/keyring/lead-key-files';

const PAGE = '5c8a8f4e-64b0-4b7a-9c54-0d2b1b0e7a11';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(`${tmpdir()}/assent-lead-keys-`);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const newKeys = (count: number) =>
  Array.from({ length: count }, () => ({ leadUuid: randomUUID(), dekWrapped: randomBytes(40) }));
const at = (bucket: number, version: number) => ({ pageUuid: PAGE, bucket, version });
const fileOf = (bucket: number, version: number): string =>
  path.join(dir, 'lead-keys', PAGE, `${String(bucket)}.${String(version)}.keys`);

describe('the kept keys of leads', () => {
  it('are read as they were kept, of an empty bucket too', async () => {
    const files = leadKeyFiles(dir);
    const keys = newKeys(3);
    await files.keep(at(7, 2), keys);
    await files.keep(at(8, 2), []);
    expect(await files.read(at(7, 2))).toEqual(keys);
    expect(await files.read(at(8, 2))).toEqual([]);
    expect(await files.read(at(9, 2))).toBeNull();
  });

  it('are not believed when the file was cut, changed, or is of another bucket: whoever is missing counts as erased', async () => {
    const files = leadKeyFiles(dir);
    await files.keep(at(7, 2), newKeys(3));
    const whole = await readFile(fileOf(7, 2));
    await writeFile(fileOf(7, 2), Buffer.concat([whole.subarray(0, -88), whole.subarray(-32)]));
    expect(await files.read(at(7, 2))).toBeNull();
    await writeFile(fileOf(7, 2), whole.subarray(0, 20));
    expect(await files.read(at(7, 2))).toBeNull();
    await writeFile(fileOf(8, 2), whole);
    expect(await files.read(at(8, 2))).toBeNull();
    await writeFile(fileOf(7, 3), whole);
    expect(await files.read(at(7, 3))).toBeNull();
  });

  it('of older versions of a bucket are removed, and those of others stay', async () => {
    const files = leadKeyFiles(dir);
    for (const [bucket, version] of [
      [7, 2],
      [7, 3],
      [7, 10],
      [70, 2],
    ] as const)
      await files.keep(at(bucket, version), newKeys(1));
    await files.forgetOlder(at(7, 10));
    expect((await readdir(path.join(dir, 'lead-keys', PAGE))).sort()).toEqual(['7.10.keys', '70.2.keys']);
    await files.dropPage(PAGE);
    expect(await files.read(at(70, 2))).toBeNull();
  });

  it('leave nothing that a process was killed over, once the bucket has a newer version', async () => {
    const files = leadKeyFiles(dir);
    await files.keep(at(7, 3), newKeys(1));
    const folder = path.join(dir, 'lead-keys', PAGE);
    for (const name of ['7.2.keys.x.next', '7.3.keys.x.next', '70.2.keys.x.next', '8.2.keys.x.next'])
      await writeFile(path.join(folder, name), 'names of leads');
    await utimes(path.join(folder, '8.2.keys.x.next'), 1, 1);
    await files.forgetOlder(at(7, 3));
    // Another process may be writing the others just now.
    expect((await readdir(folder)).sort()).toEqual(['7.3.keys', '7.3.keys.x.next', '70.2.keys.x.next']);
    await files.forgetOlder(at(7, 4));
    expect(await readdir(folder)).toEqual(['70.2.keys.x.next']);
    const other = path.join(dir, 'copy');
    await mkdir(path.join(other, 'lead-keys', PAGE), { recursive: true });
    await writeFile(path.join(other, 'lead-keys', PAGE, '7.2.keys.y.next'), 'names of leads');
    await files.copyTo(other);
    expect(await readdir(path.join(other, 'lead-keys', PAGE))).toEqual([]);
  });

  it('are the same in a copy, what was removed included', async () => {
    const files = leadKeyFiles(dir);
    const other = await mkdtemp(`${tmpdir()}/assent-lead-keys-copy-`);
    try {
      const gone = randomUUID();
      await files.keep(at(1, 2), newKeys(2));
      await files.keep({ pageUuid: gone, bucket: 1, version: 2 }, newKeys(1));
      expect(await files.copyTo(other)).toBe(2);
      expect(await files.copyTo(other)).toBe(0);
      const later = newKeys(1);
      await files.keep(at(1, 3), later);
      await files.forgetOlder(at(1, 3));
      await files.dropPage(gone);
      expect(await files.copyTo(other)).toBe(3);
      const copied = leadKeyFiles(other);
      expect(await copied.read(at(1, 3))).toEqual(later);
      expect(await copied.read(at(1, 2))).toBeNull();
      expect(await copied.read({ pageUuid: gone, bucket: 1, version: 2 })).toBeNull();
    } finally {
      await rm(other, { recursive: true, force: true });
    }
  });
});
