import { ageDecrypt, ageEncrypt, ageHead, ageUnlock } from '../../../../src/kernel/crypto/age';

const PASSPHRASE = 'correct horse battery';
/** Of a guess; enough for a test. */
const CHEAP = 10;

/** Made by the npm package `age-encryption` 0.3.1 with the passphrase above. */
const OF_ANOTHER_PROGRAM = Buffer.from(
  'YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBHcEpLS2VPUTU2ZmRERnU2TmE0OTB3IDEwClZDenY3R3lDRjBNUXJRNWZQdTFxS1J6anlQ' +
    'TTNGQUxMUTFCMUhyS0J2RTAKLS0tIHBHS1Z2ankreXVCdGlURUNxNWRNWCtSNHhEQjBQWXZkMFJ5MUR2T2RPQVUKu+ui7in84hZkFBhdKwlf' +
    'sdD2KK7fNswT9oEK0HnG/kKKpx+Br13UWpSPxzg0JO56YaLQ5YMl',
  'base64',
);

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function joined(parts: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

const sealed = async (plain: Buffer, size = 10_000): Promise<Buffer> =>
  joined(ageEncrypt(await ageHead(PASSPHRASE, CHEAP), inPieces(plain, size)));
const opened = async (file: Buffer, passphrase = PASSPHRASE, size = 50_000): Promise<Buffer> =>
  joined(ageDecrypt(await ageUnlock(passphrase, inPieces(file, size)), inPieces(file, size)));

const failing = (code: string): Error => expect.objectContaining({ code }) as Error;

describe('age', () => {
  it('opens a file of another program', async () => {
    expect((await opened(OF_ANOTHER_PROGRAM)).toString()).toBe('made by somebody else\n');
    expect((await opened(OF_ANOTHER_PROGRAM, PASSPHRASE, 3)).toString()).toBe('made by somebody else\n');
  });

  it.each([0, 1, 65_535, 65_536, 65_537, 131_072, 300_000])('opens what it sealed: %d bytes', async (length) => {
    const plain = Buffer.from(Array.from({ length }, (_, at) => at % 251));
    const file = await sealed(plain);
    expect((await opened(file)).equals(plain)).toBe(true);
    expect((await opened(file, PASSPHRASE, 65_551)).equals(plain)).toBe(true);
  });

  it('makes other bytes of the same content under the same head', async () => {
    const head = await ageHead(PASSPHRASE, CHEAP);
    const [one, two] = await Promise.all([1, 2].map(() => joined(ageEncrypt(head, inPieces(Buffer.from('a'), 1)))));
    expect(one?.equals(two ?? Buffer.alloc(0))).toBe(false);
    expect(two?.subarray(0, head.header.length).equals(head.header)).toBe(true);
  });

  it('does not open under another passphrase', async () => {
    await expect(opened(await sealed(Buffer.from('a')), 'correct horse batter')).rejects.toThrow(
      failing('passphrase_wrong'),
    );
  });

  it('notices every cut', async () => {
    const file = await sealed(Buffer.alloc(140_000, 'a'));
    const bodyAt = file.length - 140_000 - 3 * 16;
    for (const length of [0, 20, bodyAt - 16, bodyAt, bodyAt + 5, bodyAt + 65_552, bodyAt + 65_560, file.length - 1])
      await expect(opened(file.subarray(0, length))).rejects.toThrow(failing('archive_unreadable'));
  });

  it('notices every change', async () => {
    const file = await sealed(Buffer.alloc(70_000, 'a'));
    const changes = [0, 40, 160, 190, 66_000, file.length - 1];
    for (const at of changes) {
      const changed = Buffer.from(file);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      await expect(opened(changed)).rejects.toThrow(/./);
    }
    const chunk = 65_552;
    const bodyAt = file.length - 70_000 - 32;
    const swapped = Buffer.concat([
      file.subarray(0, bodyAt),
      file.subarray(bodyAt + chunk),
      file.subarray(bodyAt, bodyAt + chunk),
    ]);
    await expect(opened(swapped)).rejects.toThrow(failing('archive_unreadable'));
    await expect(opened(Buffer.concat([file, Buffer.from('x')]))).rejects.toThrow(failing('archive_unreadable'));
  });

  it('does no more work than for a file that was made here', async () => {
    const file = (await sealed(Buffer.from('a'))).toString('latin1').replace(/^(.*\n-> scrypt \S+) 10\n/, '$1 22\n');
    await expect(opened(Buffer.from(file, 'latin1'))).rejects.toThrow(failing('archive_unreadable'));
  });

  it('does not open under the key of another file', async () => {
    const key = await ageUnlock(PASSPHRASE, inPieces(await sealed(Buffer.from('a')), 50));
    const another = await sealed(Buffer.from('b'));
    await expect(joined(ageDecrypt(key, inPieces(another, 50)))).rejects.toThrow(failing('archive_unreadable'));
  });

  it('closes its source when the reader stops, or when it has read the head', async () => {
    let isClosed = false;
    const source = async function* (): AsyncGenerator<Buffer> {
      try {
        yield* inPieces(file, 1_000);
      } finally {
        isClosed = true;
      }
    };
    const file = await sealed(Buffer.alloc(200_000));
    const key = await ageUnlock(PASSPHRASE, source());
    expect(isClosed).toBe(true);
    isClosed = false;
    const reader = ageDecrypt(key, source());
    await reader.next();
    await reader.return(undefined);
    expect(isClosed).toBe(true);
  });
});
