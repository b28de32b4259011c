import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  scrypt,
  timingSafeEqual,
  type CipherChaCha20Poly1305Types,
} from 'node:crypto';
import { UserError } from '../errors';

/** Source: the age file encryption format, https://c2sp.org/age, version 1, with its scrypt recipient stanza. */
const VERSION_LINE = 'age-encryption.org/v1';
const SCRYPT_LABEL = 'age-encryption.org/v1/scrypt';
const SALT_BYTES = 16;
const FILE_KEY_BYTES = 16;
const NONCE_BYTES = 16;
const TAG_BYTES = 16;
const CHUNK_BYTES = 64 * 1024;
const SEALED_BYTES = CHUNK_BYTES + TAG_BYTES;
const MOST_HEADER_BYTES = 512;
/** What stands behind `---` in its line: a blank, 43 characters, the newline. */
const MAC_LINE_END = 45;
/** What the `age` program writes: 256 MiB and about a second for whoever guesses, each time. */
export const AGE_LOG_N = 18;
/** A stranger's file must not make us spend a gigabyte and more. */
const MOST_LOG_N = 18;
const CIPHER: CipherChaCha20Poly1305Types = 'chacha20-poly1305';
const HEADER =
  /^age-encryption\.org\/v1\n-> scrypt ([A-Za-z0-9+/]{22}) ([1-9]\d?)\n([A-Za-z0-9+/]{43})\n--- ([A-Za-z0-9+/]{43})\n/;

export type AgeErrorCode = 'archive_unreadable' | 'passphrase_wrong';

const unreadable = (message: string): UserError<AgeErrorCode> => new UserError('archive_unreadable', message);
const damaged = (): UserError<AgeErrorCode> => unreadable('the archive is damaged or ends early');

/** The head of an age file, and the key of what follows it. */
export interface AgeHead {
  readonly header: Buffer;
  /** Opens the file without the passphrase. 16 bytes. */
  readonly fileKey: Buffer;
}

const base64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');
const derive = (key: Buffer, salt: Buffer, info: string): Buffer =>
  Buffer.from(hkdfSync('sha256', key, salt, info, 32));

/** One at a time in a process: each takes 256 MiB. */
let lastKey: Promise<unknown> = Promise.resolve();

function wrappingKey(passphrase: string, salt: Buffer, logN: number): Promise<Buffer> {
  const key = lastKey.then(() => makeWrappingKey(passphrase, salt, logN));
  lastKey = key.catch(() => null);
  return key;
}

function makeWrappingKey(passphrase: string, salt: Buffer, logN: number): Promise<Buffer> {
  const cost = { N: 2 ** logN, r: 8, p: 1, maxmem: 2 ** logN * 1024 + 1024 * 1024 };
  const salted = Buffer.concat([Buffer.from(SCRYPT_LABEL), salt]);
  return new Promise((resolve, reject) => {
    scrypt(passphrase, salted, 32, cost, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

const macOf = (fileKey: Buffer, text: string): Buffer =>
  createHmac('sha256', derive(fileKey, Buffer.alloc(0), 'header'))
    .update(text)
    .digest();

/**
 * Makes the head of a new age file that a passphrase opens.
 *
 * @param logN logarithm of the cost of one guess
 */
export async function ageHead(passphrase: string, logN: number = AGE_LOG_N): Promise<AgeHead> {
  const fileKey = randomBytes(FILE_KEY_BYTES);
  const salt = randomBytes(SALT_BYTES);
  const wrapped = seal(await wrappingKey(passphrase, salt, logN), Buffer.alloc(12), fileKey);
  const text = `${VERSION_LINE}\n-> scrypt ${base64(salt)} ${String(logN)}\n${base64(wrapped)}\n---`;
  return { header: Buffer.from(`${text} ${base64(macOf(fileKey, text))}\n`), fileKey };
}

/** Encrypts a stream in chunks of 64 KiB, holding one. Every call makes another key: a head may be used again. */
export async function* ageEncrypt(
  { header, fileKey }: AgeHead,
  plain: AsyncIterable<Buffer> | Iterable<Buffer>,
): AsyncGenerator<Buffer> {
  const nonce = randomBytes(NONCE_BYTES);
  const key = derive(fileKey, nonce, 'payload');
  yield Buffer.concat([header, nonce]);
  let index = 0;
  for await (const { bytes, isLast } of blocksOf(plain, CHUNK_BYTES)) {
    yield seal(key, chunkNonce(index, isLast), bytes);
    index += 1;
  }
}

/**
 * The file key of an age file: what the passphrase is for, and slow to find.
 *
 * @throws {UserError} `passphrase_wrong`; `archive_unreadable` for a file of another kind
 */
export async function ageUnlock(passphrase: string, sealed: AsyncIterable<Buffer>): Promise<Buffer> {
  const { start, close } = await beginningOf(sealed);
  await close();
  const { logN, salt, wrapped, ...head } = headOf(start);
  if (logN > MOST_LOG_N) throw unreadable('the archive asks for more work than any that was made here');
  const fileKey = open(await wrappingKey(passphrase, salt, logN), Buffer.alloc(12), wrapped);
  if (fileKey === null)
    throw new UserError<AgeErrorCode>('passphrase_wrong', 'the passphrase does not open the archive');
  checkMac(fileKey, head);
  return fileKey;
}

/**
 * Decrypts an age file. Every chunk is authenticated before it is given on; only the end shows that none is missing.
 *
 * @throws {UserError} `archive_unreadable` for a file of another kind, damaged or cut off
 */
export async function* ageDecrypt(fileKey: Buffer, sealed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { start, rest, close } = await beginningOf(sealed);
  try {
    const head = headOf(start);
    checkMac(fileKey, head);
    const bodyAt = head.length + NONCE_BYTES;
    if (start.length < bodyAt) throw damaged();
    const key = derive(fileKey, start.subarray(head.length, bodyAt), 'payload');
    let index = 0;
    for await (const { bytes, isLast } of blocksOf(joined(start.subarray(bodyAt), rest), SEALED_BYTES)) {
      const plain = open(key, chunkNonce(index, isLast), bytes);
      // Only a file without content has an empty chunk.
      if (plain === null || (plain.length === 0 && index > 0)) throw damaged();
      yield plain;
      index += 1;
    }
  } finally {
    await close();
  }
}

/** @throws {UserError} `archive_unreadable` */
function headOf(start: Buffer) {
  const [header = '', salt = '', logN = '', wrapped = '', mac = ''] = HEADER.exec(start.toString('latin1')) ?? [];
  if (header === '') throw unreadable('this is no age file that a passphrase opens');
  return {
    length: header.length,
    text: header.slice(0, -MAC_LINE_END),
    mac: Buffer.from(mac, 'base64'),
    logN: Number(logN),
    salt: Buffer.from(salt, 'base64'),
    wrapped: Buffer.from(wrapped, 'base64'),
  };
}

function checkMac(fileKey: Buffer, { text, mac }: Pick<ReturnType<typeof headOf>, 'text' | 'mac'>): void {
  if (!timingSafeEqual(macOf(fileKey, text), mac)) throw damaged();
}

/** 11 bytes of counter, and one that says whether it is the last. */
function chunkNonce(index: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(index, 5, 6);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

function seal(key: Buffer, nonce: Buffer, plain: Buffer): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @returns null for another key or changed bytes */
function open(key: Buffer, nonce: Buffer, sealed: Buffer): Buffer | null {
  if (sealed.length < TAG_BYTES) return null;
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const plain = decipher.update(sealed.subarray(0, -TAG_BYTES));
  try {
    decipher.final();
  } catch {
    return null;
  }
  return plain;
}

/** Cuts a stream into blocks of `size` bytes, the last one shorter or as long; it is empty only when all of the stream is. */
async function* blocksOf(
  source: AsyncIterable<Buffer> | Iterable<Buffer>,
  size: number,
): AsyncGenerator<{ readonly bytes: Buffer; readonly isLast: boolean }> {
  let held: Buffer[] = [];
  let length = 0;
  for await (const part of source) {
    held.push(part);
    length += part.length;
    if (length <= size) continue;
    let all = Buffer.concat(held);
    for (; all.length > size; all = all.subarray(size)) yield { bytes: all.subarray(0, size), isLast: false };
    held = [all];
    length = all.length;
  }
  yield { bytes: Buffer.concat(held), isLast: true };
}

/** The first bytes of a stream, and all that follow them. `close` ends it wherever it is. */
async function beginningOf(source: AsyncIterable<Buffer>) {
  const iterator = source[Symbol.asyncIterator]();
  let start: Buffer = Buffer.alloc(0);
  while (start.length < MOST_HEADER_BYTES) {
    const next = await iterator.next();
    if (next.done === true) break;
    start = Buffer.concat([start, next.value]);
  }
  const rest = async function* (): AsyncGenerator<Buffer> {
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  };
  const close = async (): Promise<void> => {
    await iterator.return?.();
  };
  return { start, rest: rest(), close };
}

async function* joined(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}
