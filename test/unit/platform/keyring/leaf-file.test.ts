import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { leafFile } from '../../../../src/platform/keyring/leaf-file';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(`${tmpdir()}/assent-leaves-`);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const leaves = randomBytes(10 * 32);
const part = (from: number, to: number): Buffer => leaves.subarray(from * 32, to * 32);

describe('the file of leaves', () => {
  it('holds nothing before anything is written', async () => {
    const file = leafFile(dir);
    expect(await file.count()).toBe(0);
    expect(await file.read(0, 5)).toEqual(Buffer.alloc(0));
  });

  it('puts each leaf at its place, in whatever order and how often it comes', async () => {
    const file = leafFile(dir);
    await file.write(0, part(0, 6));
    await file.write(4, part(4, 10));
    await file.write(0, part(0, 3));
    expect(await file.count()).toBe(10);
    expect(await file.read(0, 10)).toEqual(leaves);
    expect(await file.read(3, 5)).toEqual(part(3, 5));
    expect(await file.read(8, 99)).toEqual(part(8, 10));
    expect(await file.read(50, 99)).toEqual(Buffer.alloc(0));
  });

  it('counts no leaf of which only a part was written', async () => {
    const file = leafFile(dir);
    await file.write(0, part(0, 2));
    await appendFile(path.join(dir, 'log.leaves'), 'torn');
    expect(await file.count()).toBe(2);
    await file.write(2, part(2, 4));
    expect(await file.read(0, 4)).toEqual(part(0, 4));
  });
});
