import { EmbeddedPostgresError } from './errors';
import { run, type RunAs } from './processes';

const ACCOUNT = 'assent-postgres';

const USERADD = [
  [
    'useradd',
    '--system',
    '--user-group',
    '--no-create-home',
    '--home-dir',
    '/nonexistent',
    '--shell',
    '/bin/false',
    ACCOUNT,
  ],
];
const BUSYBOX = [
  ['addgroup', '-S', ACCOUNT],
  ['adduser', '-S', '-D', '-H', '-h', '/nonexistent', '-s', '/bin/false', '-G', ACCOUNT, ACCOUNT],
];

/**
 * The system user under which root runs PostgreSQL, which refuses to run as root. Created when it is missing.
 *
 * @throws {EmbeddedPostgresError} embedded_postgres_no_system_user
 */
export async function ensureAccount(name: string = ACCOUNT): Promise<RunAs> {
  const existing = await lookUp(name);
  if (existing) return existing;
  let reason = '';
  for (const commands of [USERADD, BUSYBOX]) {
    for (const [program = '', ...args] of commands) {
      const finished = await run(
        program,
        args.map((arg) => (arg === ACCOUNT ? name : arg)),
      );
      if (finished.exitCode !== 0) reason ||= finished.output.trim().split('\n')[0] ?? '';
    }
    const created = await lookUp(name);
    if (created) return created;
  }
  throw new EmbeddedPostgresError(
    'embedded_postgres_no_system_user',
    `PostgreSQL does not run as root and the system user ${name} could not be created (${reason}): ` +
      'start Assent as an ordinary user or set DATABASE_URL.',
  );
}

async function lookUp(name: string): Promise<RunAs | undefined> {
  const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
  if (uid.exitCode !== 0 || gid.exitCode !== 0) return undefined;
  return { uid: Number(uid.output), gid: Number(gid.output) };
}
