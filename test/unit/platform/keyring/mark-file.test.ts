import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { markFile } from '../../../../src/platform/keyring/mark-file';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'assent-mark-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

it('is set once for all who look, and says nothing of another', async () => {
  const [mark, again, other] = [markFile(dir, 'a'), markFile(dir, 'a'), markFile(dir, 'b')];
  expect(await mark.isSet()).toBe(false);
  await mark.set();
  await again.set();
  expect([await again.isSet(), await other.isSet()]).toEqual([true, false]);
});
