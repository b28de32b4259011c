import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import path from 'node:path';

const CHUNK_BYTES = 4 * 1024 * 1024;
const ID = /\d{15,18}/g;
const LONGEST_ID = 18;

export interface Hit {
  readonly file: string;
  readonly pattern: string;
}

/**
 * Looks for texts in every file below some folders, byte by byte, whatever the files are.
 *
 * @param ids page-scoped ids; any number of them costs one pass
 */
export function scanFiles(
  folders: readonly string[],
  patterns: readonly string[],
  ids: ReadonlySet<string> = new Set(),
): Hit[] {
  const needles = patterns.map((pattern) => ({ pattern, bytes: Buffer.from(pattern) }));
  const overlap = Math.max(LONGEST_ID, ...needles.map(({ bytes }) => bytes.length));
  return folders.flatMap(filesBelow).flatMap((file) => scanFile(file, { needles, ids, overlap }));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

const knownIds = (window: Buffer, ids: ReadonlySet<string>): string[] =>
  ids.size === 0 ? [] : (window.toString('latin1').match(ID) ?? []).filter((digits) => ids.has(digits));

interface Wanted {
  readonly needles: readonly { readonly pattern: string; readonly bytes: Buffer }[];
  readonly ids: ReadonlySet<string>;
  readonly overlap: number;
}

function scanFile(file: string, { needles, ids, overlap }: Wanted): Hit[] {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return [];
  const found = new Set<string>();
  const descriptor = openSync(file, 'r');
  const buffer = Buffer.alloc(CHUNK_BYTES + overlap);
  let carried = 0;
  for (;;) {
    const read = readSync(descriptor, buffer, carried, CHUNK_BYTES, null);
    if (read === 0) break;
    const window = buffer.subarray(0, carried + read);
    for (const { pattern, bytes } of needles) if (window.includes(bytes)) found.add(pattern);
    for (const id of knownIds(window, ids)) found.add(id);
    carried = Math.min(overlap, window.length);
    window.copy(buffer, 0, window.length - carried);
  }
  closeSync(descriptor);
  return [...found].map((pattern) => ({ file, pattern }));
}
