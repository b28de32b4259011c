import { appendFile, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { endedFiles } from '../../../../src/platform/keyring';
import { copyEnded } from '../../../../src/platform/keyring/ended-files';

let [dir, other] = ['', ''];
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'assent-ended-'));
  other = path.join(dir, 'copy');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const mac = (byte: number): Buffer => Buffer.alloc(16, byte);
const hex = (byte: number): string => mac(byte).toString('hex');

it('keeps the highest number of each, over days and after a line that was cut', async () => {
  const files = endedFiles(dir);
  expect(await files.all()).toEqual(new Map());
  await files.add(20, []);
  await files.add(20, [
    { mac: mac(1), n: 4 },
    { mac: mac(2), n: 0 },
  ]);
  await appendFile(path.join(dir, 'ended', '20.macs'), `${hex(3)} 1`.slice(0, 20));
  await files.add(20, [{ mac: mac(1), n: 7 }]);
  await files.add(21, [{ mac: mac(1), n: 5 }]);
  expect(await files.all()).toEqual(
    new Map([
      [hex(1), 7],
      [hex(2), 0],
    ]),
  );
});

it('forgets days, here and in the copy', async () => {
  const files = endedFiles(dir);
  await files.add(20, [{ mac: mac(1), n: 1 }]);
  await files.add(21, [{ mac: mac(2), n: 1 }]);
  expect([await copyEnded(dir, other), await copyEnded(dir, other)]).toEqual([2, 0]);
  expect(await endedFiles(other).all()).toEqual(await files.all());
  await files.add(21, [{ mac: mac(3), n: 1 }]);
  expect(await files.forgetBefore(21)).toBe(1);
  expect(await copyEnded(dir, other)).toBe(2);
  expect(await readdir(path.join(other, 'ended'))).toEqual(['21.macs']);
  expect(await endedFiles(other).all()).toEqual(await files.all());
});

it('leaves nothing in the copy that a process was killed over', async () => {
  await endedFiles(dir).add(20, [{ mac: mac(1), n: 1 }]);
  await copyEnded(dir, other);
  const killed = path.join(other, 'ended', '20.macs.x.next');
  await writeFile(killed, 'half');
  await utimes(killed, 1, 1);
  expect(await copyEnded(dir, other)).toBe(1);
  expect(await readdir(path.join(other, 'ended'))).toEqual(['20.macs']);
});
