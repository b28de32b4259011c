import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../support/program';

const DOCS = path.join(ROOT, 'docs');
const read = (file: string): string => readFileSync(path.join(DOCS, file), 'utf8');
/** Shell commands that stand in a document, block by block. */
const commandsIn = (text: string): string[] =>
  [...text.matchAll(/```sh\n([^]*?)```/g)].map(([, commands]) => commands ?? '');

it('shows whom a certificate is about with the commands of docs/erasure.md', () => {
  const commands = commandsIn(read('erasure.md')).find((block) => block.includes('$PSID')) ?? '';
  const folder = mkdtempSync(path.join(tmpdir(), 'assent-commands-'));
  try {
    const [pageId, psid] = ['104857600000001', '6230000000000001'];
    // Bytes that base64url writes with the two letters of its own.
    for (const link of [Buffer.alloc(64, 0xfb), Buffer.alloc(64, 0xff), randomBytes(64)]) {
      const env = { PATH: process.env.PATH, PAGE_ID: pageId, PSID: psid, R: link.toString('base64url') };
      const printed = execFileSync('sh', ['-eu', '-c', commands], {
        cwd: folder,
        env,
        encoding: 'utf8',
        stdio: 'pipe',
      });
      const who = createHash('sha256').update(`${pageId}:${psid}`).digest();
      expect(printed).toContain(createHash('sha256').update(who).update(link).digest('hex'));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('writes no answer of an error into a file', () => {
  const calls = readdirSync(DOCS)
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) => commandsIn(read(file)))
    .flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'))
    .filter((line) => line.startsWith('curl '));
  expect(calls.length).toBeGreaterThanOrEqual(4);
  for (const call of calls) {
    expect(call).toMatch(/ --fail(-with-body)? /);
    if (/ -o /.test(call)) expect(call).toContain(' --fail ');
  }
});
