import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { erasedAccountsFile } from '../../../../src/platform/keyring/erased-accounts-file';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(`${tmpdir()}/assent-erased-`);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

it('keeps each deleted account once, and reads no line that was cut', async () => {
  const file = erasedAccountsFile(dir);
  expect(await file.all()).toEqual([]);
  const [one, two] = [randomBytes(32), randomBytes(32)];
  await file.add(one);
  await file.add(one);
  await appendFile(path.join(dir, 'accounts.erased'), two.toString('hex').slice(0, 20));
  expect(await file.all()).toEqual([one]);
  await file.add(two);
  expect(await file.all()).toEqual([one, two]);
});
