import type { RowId } from '../sql.types';

/** A file of an archive. */
export interface ArchiveFile {
  readonly path: string;
  readonly bytes: Buffer;
}

export type BackupState = 'waiting' | 'making' | 'ready' | 'replaced' | 'withdrawn' | 'expired' | 'failed';

/** How far an archive is. */
export interface BackupView {
  readonly uuid: string;
  readonly state: BackupState;
  readonly requestedAt: Date;
  readonly leadsTotal: number;
  readonly leadsDone: number;
  readonly bytes: number;
  /** Of the whole encrypted file. */
  readonly sha256: Buffer | null;
  readonly completedAt: Date | null;
  readonly expiresAt: Date;
  readonly downloadedAt: Date | null;
}

/** An archive that is being made, by whoever holds this generation of it. */
export interface ClaimedBackup {
  readonly id: RowId;
  readonly uuid: string;
  readonly accountId: RowId;
  readonly generation: number;
  readonly keyDay: number;
  readonly header: Buffer;
  readonly fileKeyCt: Buffer;
}

/** Files of archives, all in one folder; nobody but the program's user may read them. A name is `<uuid>-<generation>.age`. */
export interface ArchiveFiles {
  /**
   * Writes a new file, durable when this resolves. Nothing is left of it when `parts` throws.
   *
   * @returns how long it is
   */
  write(name: string, parts: AsyncIterable<Buffer>): Promise<number>;
  /** null when there is no such file. */
  read(name: string): Promise<{ readonly bytes: number; readonly stream: AsyncIterable<Buffer> } | null>;
  list(): Promise<readonly string[]>;
  /** Does nothing when there is no such file. */
  remove(name: string): Promise<void>;
}

/** Bytes that were taken in, to be read more than once. */
export interface Spooled {
  read(): AsyncIterable<Buffer>;
  /** Nothing is left of them then. */
  close(): Promise<void>;
}

/** Takes in a stream of any length outside of memory. Nothing of it outlives the process. */
export type Spool = (parts: AsyncIterable<Buffer>) => Promise<Spooled>;
