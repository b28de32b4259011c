import { hash } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { KeptLeadKey } from '../../domain/keyring.types';
import { uuidBytes, uuidText } from '../../kernel/uuid';
import { orNull, readOrNull, writeWhole } from '../durable-files';
import { shredUnfinished } from '../unfinished-files';

const FOLDER = 'lead-keys';
const ENDING = '.keys';
const MAGIC = Buffer.from('AKL1');
const UUID_BYTES = 16;
const WRAPPED_BYTES = 40;
const KEY_BYTES = UUID_BYTES + WRAPPED_BYTES;
const HEAD_BYTES = MAGIC.length + UUID_BYTES + 2 + 4;
const HASH_BYTES = 32;
const FILE_NAME = /^(\d+)\.(\d+)\.keys$/;
const NEXT_NAME = /^(\d+)\.(\d+)\.keys\..+\.next$/;

export interface BucketPlace {
  readonly pageUuid: string;
  readonly bucket: number;
  readonly version: number;
}

/**
 * The wrapped keys of the leads of one bucket, as its last rotation left them:
 *
 *     "AKL1" || page(16) || u16 bucket || u32 version || n x (lead(16) || wrapped key(40)) || SHA-256 of all before
 *
 * The hash is there because whoever is missing in the file counts as erased: a file that was cut must not say that of anybody.
 */
function fileOf({ pageUuid, bucket, version }: BucketPlace, keys: readonly KeptLeadKey[]): Buffer {
  const numbers = Buffer.alloc(6);
  numbers.writeUInt16BE(bucket, 0);
  numbers.writeUInt32BE(version, 2);
  const content = Buffer.concat([
    MAGIC,
    uuidBytes(pageUuid),
    numbers,
    ...keys.flatMap(({ leadUuid, dekWrapped }) => [uuidBytes(leadUuid), dekWrapped]),
  ]);
  return Buffer.concat([content, hash('sha256', content, 'buffer')]);
}

function keysOf(place: BucketPlace, bytes: Buffer): KeptLeadKey[] | null {
  const content = bytes.subarray(0, -HASH_BYTES);
  const keys = content.subarray(HEAD_BYTES);
  if (bytes.length < HEAD_BYTES + HASH_BYTES || keys.length % KEY_BYTES !== 0) return null;
  if (!hash('sha256', content, 'buffer').equals(bytes.subarray(-HASH_BYTES))) return null;
  if (!fileOf(place, []).subarray(0, HEAD_BYTES).equals(content.subarray(0, HEAD_BYTES))) return null;
  return Array.from({ length: keys.length / KEY_BYTES }, (_, n) => {
    const key = keys.subarray(n * KEY_BYTES, (n + 1) * KEY_BYTES);
    return { leadUuid: uuidText(key.subarray(0, UUID_BYTES)), dekWrapped: key.subarray(UUID_BYTES) };
  });
}

export interface LeadKeyFiles {
  /** Durable when it resolves. */
  keep(place: BucketPlace, keys: readonly KeptLeadKey[]): Promise<void>;
  /** Null when there is no such file, or not a whole one. */
  read(place: BucketPlace): Promise<KeptLeadKey[] | null>;
  /** Removes what is kept of older versions of the bucket. */
  forgetOlder(place: BucketPlace): Promise<void>;
  dropPage(pageUuid: string): Promise<void>;
  /** Makes another directory hold exactly these files. @returns how many files changed there */
  copyTo(directory: string): Promise<number>;
}

/** The files beside the key ring in `directory`. */
export function leadKeyFiles(directory: string): LeadKeyFiles {
  const folder = (pageUuid: string): string => path.join(directory, FOLDER, pageUuid);
  const fileAt = ({ pageUuid, bucket, version }: BucketPlace): string =>
    path.join(folder(pageUuid), `${String(bucket)}.${String(version)}${ENDING}`);

  return {
    keep: (place, keys) => writeWhole(fileAt(place), fileOf(place, keys)),
    read: async (place) => {
      const bytes = await readOrNull(fileAt(place));
      return bytes === null ? null : keysOf(place, bytes);
    },
    forgetOlder: async ({ pageUuid, bucket, version }) => {
      const isOlder = (form: RegExp, name: string): boolean => {
        const [, ofBucket, ofVersion] = form.exec(name) ?? [];
        return Number(ofBucket) === bucket && Number(ofVersion) < version;
      };
      for (const name of await namesIn(folder(pageUuid)))
        if (isOlder(FILE_NAME, name)) await rm(path.join(folder(pageUuid), name), { force: true });
      await shredUnfinished(folder(pageUuid), { isOver: (name) => isOlder(NEXT_NAME, name) });
    },
    dropPage: (pageUuid) => rm(folder(pageUuid), { recursive: true, force: true }),
    copyTo: (other) => copyAll(path.join(directory, FOLDER), path.join(other, FOLDER)),
  };
}

const namesIn = async (folder: string): Promise<string[]> => (await orNull(readdir(folder))) ?? [];

const bytesOf = async (file: string): Promise<number | null> => (await orNull(stat(file)))?.size ?? null;

async function copyAll(from: string, to: string): Promise<number> {
  let changed = 0;
  const pages = await namesIn(from);
  for (const page of await namesIn(to)) {
    if (pages.includes(page)) continue;
    await rm(path.join(to, page), { recursive: true, force: true });
    changed += 1;
  }
  for (const page of pages) changed += await copyFolder(path.join(from, page), path.join(to, page));
  return changed;
}

async function copyFolder(from: string, to: string): Promise<number> {
  let changed = 0;
  const names = (await namesIn(from)).filter((name) => FILE_NAME.test(name));
  for (const name of await namesIn(to)) {
    if (names.includes(name)) continue;
    await rm(path.join(to, name), { force: true });
    changed += 1;
  }
  for (const name of names) {
    // A file of a version only ever grows by new leads of its bucket: one of the same length is the same.
    if ((await bytesOf(path.join(to, name))) === (await bytesOf(path.join(from, name)))) continue;
    const bytes = await readOrNull(path.join(from, name));
    if (bytes === null) continue;
    await writeWhole(path.join(to, name), bytes);
    changed += 1;
  }
  return changed;
}
