import { z } from 'zod';
import { ageDecrypt } from '../../kernel/crypto/age';
import { archiveUnreadable } from './backup.errors';
import type { ArchiveFile, Spooled } from './backup.types';
import { filesOfTar } from './tar';
import { factsOf, FORMAT, type FileFacts } from './written';

const manifestSchema = z.object({
  format: z.literal(FORMAT),
  log: z.string().max(300),
  account: z.uuid(),
  made_at: z.iso.datetime({ offset: true }),
  counts: z.object({ leads: z.int().min(0) }),
  files: z.array(z.object({ path: z.string(), bytes: z.int(), sha256: z.string() })),
});

export type Manifest = z.infer<typeof manifestSchema>;

/** The files of an archive one by one. @throws {UserError} `archive_unreadable` */
export const filesOfArchive = (fileKey: Buffer, archive: Spooled): AsyncGenerator<ArchiveFile> =>
  filesOfTar(ageDecrypt(fileKey, archive.read()));

/**
 * Reads an archive to its end: that it is whole, and that every file is the one its manifest names.
 *
 * @throws {UserError} `archive_unreadable`
 */
export async function checkArchive(fileKey: Buffer, archive: Spooled): Promise<Manifest> {
  const found: FileFacts[] = [];
  let last: ArchiveFile | null = null;
  for await (const file of filesOfArchive(fileKey, archive)) {
    found.push(factsOf(file));
    last = file;
  }
  if (last?.path !== 'manifest.json') throw archiveUnreadable('the archive does not end with a manifest');
  const parsed = manifestSchema.safeParse(jsonOrNull(last.bytes));
  if (!parsed.success) throw archiveUnreadable('the manifest of the archive is of another format');
  const named = parsed.data.files;
  const isSame = ({ path, bytes, sha256 }: FileFacts, at: number): boolean =>
    path === named[at]?.path && bytes === named[at].bytes && sha256 === named[at].sha256;
  if (found.length !== named.length + 1 || !found.slice(0, -1).every(isSame))
    throw archiveUnreadable('the files of the archive are not those its manifest names');
  return parsed.data;
}

/** null for what is no JSON. */
export function jsonOrNull(bytes: Buffer | string): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch {
    return null;
  }
}

/** The lines of a file as values. */
export const linesOf = ({ bytes }: ArchiveFile): unknown[] => bytes.toString().split('\n').slice(0, -1).map(jsonOrNull);
