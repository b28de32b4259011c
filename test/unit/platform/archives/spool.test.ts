import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spoolIn } from '../../../../src/platform/archives/spool';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'assent-spool-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function* parts(...texts: string[]): AsyncGenerator<Buffer> {
  for (const text of texts) {
    if (text === 'fail') throw new Error('failed');
    yield await Promise.resolve(Buffer.from(text));
  }
}

async function textOf(source: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = [];
  for await (const part of source) all.push(part);
  return Buffer.concat(all).toString();
}

it('gives what it took in as often as it is asked, also after a reader that stopped', async () => {
  const spooled = await spoolIn(path.join(folder, 'new'))(parts('a', 'b'.repeat(200_000), 'c'));
  expect(readdirSync(path.join(folder, 'new'))).toEqual([]);
  for await (const part of spooled.read()) {
    expect(part.length).toBeGreaterThan(0);
    break;
  }
  for (let time = 0; time < 2; time += 1) expect(await textOf(spooled.read())).toBe(`a${'b'.repeat(200_000)}c`);
  await spooled.close();
});

it('leaves nothing of a stream that breaks', async () => {
  await expect(spoolIn(folder)(parts('a', 'fail'))).rejects.toThrow('failed');
  expect(readdirSync(folder)).toEqual([]);
});
