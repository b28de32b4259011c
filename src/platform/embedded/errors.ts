import { OperationalError, UserError } from '../../kernel/errors';

export type EmbeddedPostgresErrorCode =
  | 'embedded_postgres_unsupported_platform'
  | 'embedded_postgres_path_unsupported'
  | 'embedded_postgres_no_access'
  | 'embedded_postgres_missing'
  | 'embedded_postgres_version_mismatch'
  | 'embedded_postgres_cannot_run'
  | 'embedded_postgres_no_system_user'
  | 'embedded_postgres_init_failed'
  | 'embedded_postgres_start_failed'
  | 'embedded_postgres_stop_failed'
  | 'embedded_postgres_disk_full'
  | 'embedded_postgres_busy';

/** The operator has to change something (a path, a permission, a package) before it can work. */
export class EmbeddedPostgresUserError extends UserError<EmbeddedPostgresErrorCode> {}

/** The server or the machine failed; the same call may succeed later. */
export class EmbeddedPostgresError extends OperationalError<EmbeddedPostgresErrorCode> {}

/** Turns what the file system says about DATA_DIR into one sentence an operator can act on. */
export function translateFileError(error: unknown, dataDir: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(dataDir, error);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOTDIR') {
    return new EmbeddedPostgresUserError(
      'embedded_postgres_no_access',
      `The embedded PostgreSQL cannot use ${dataDir} (${code}): make it writable for this user or set DATABASE_URL.`,
      [],
      { cause: error },
    );
  }
  return error;
}

export function diskFull(folder: string, cause?: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'embedded_postgres_disk_full',
    `The disk that holds ${folder} is full, so the embedded PostgreSQL cannot start.`,
    { cause },
  );
}

export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
