import { statSync } from 'node:fs';
import type { Infrastructure } from '../compose/infrastructure';
import { NONE_INDEPENDENT, readHead } from '../domain/ledger';

type Finding = { readonly check: string; readonly status: 'ok' | 'warning' | 'failed'; readonly detail: string };

/** What the person who runs this installation has left undone. Nothing is changed. */
export async function examine(infrastructure: Infrastructure): Promise<{ findings: readonly Finding[] }> {
  const { config, db, keyRing, queue } = infrastructure;
  const answers = async (work: Promise<unknown>) => work.then(() => true).catch(() => false);
  return {
    findings: [
      finding('database', await answers(db.run('select 1')), 'answers', 'does not answer'),
      finding('queue', await answers(queue.ping()), 'answers', 'does not answer'),
      finding(
        'key_ring',
        await answers(keyRing.verifyAgainstRegistry()),
        'agrees with the database',
        'does not agree with the database',
      ),
      keyRingVolume(config.keyRingDir, config.dataDir),
      await logGrows(infrastructure),
      advice(
        'independent_anchor',
        config.anchors.rfc3161 !== null || config.anchors.witnesses.length > 0,
        'a time-stamping authority or a witness outside is configured',
        `${NONE_INDEPENDENT} Set RFC3161_URL or WITNESSES`,
      ),
      advice(
        'production',
        config.production,
        'NODE_ENV is production',
        'NODE_ENV is not production: generated secrets and the sandbox are in use',
      ),
      advice(
        'public_url',
        config.http.publicUrl?.startsWith('https:') === true,
        'is https',
        'PUBLIC_URL is not set to an https address: Meta cannot deliver webhooks',
      ),
      advice(
        'master_key',
        config.masterKey !== null,
        'given from outside',
        'made and kept under DATA_DIR: copy it to a safe place, losing it is losing everything',
      ),
    ],
  };
}

const PENDING_TOO_LONG_MS = 10_000;

/** Nobody may be written to before their consent is signed: a log that stands still is a fault. */
async function logGrows({ db, clock, checkpointCopy }: Infrastructure): Promise<Finding> {
  const head = await readHead(db);
  const size = head?.size ?? 0;
  const kept = sizeOf(await checkpointCopy.read());
  const { pending, rejected } = await countWaiting(db);
  const ageMs = clock.now().getTime() - (head?.signedAt.getTime() ?? 0);
  const state = `${String(size)} entries signed, ${String(pending)} waiting, ${String(rejected)} set aside`;
  if (kept > size)
    return finding('log', false, '', `the database was set back: ${state}, and ${String(kept)} beside the keys`);
  if (rejected > 0) return finding('log', false, '', `somebody wrote to the database: ${state}; run assent audit`);
  const isStuck = pending > 0 && ageMs > PENDING_TOO_LONG_MS;
  return advice('log', !isStuck, state, `${state}: start a worker, or look for ledger.halted in its log`);
}

const sizeOf = (note: string | null): number => Number(note?.split('\n')[1] ?? 0);

async function countWaiting(db: Infrastructure['db']): Promise<{ pending: number; rejected: number }> {
  const row = await db.first<{ pending: string; rejected: string }>(
    'select (select count(*) from ledger_pending) as pending, (select count(*) from ledger_rejected) as rejected',
  );
  return { pending: Number(row?.pending ?? 0), rejected: Number(row?.rejected ?? 0) };
}

const finding = (check: string, passed: boolean, good: string, bad: string): Finding => ({
  check,
  status: passed ? 'ok' : 'failed',
  detail: passed ? good : bad,
});

const advice = (check: string, passed: boolean, good: string, bad: string): Finding => ({
  check,
  status: passed ? 'ok' : 'warning',
  detail: passed ? good : bad,
});

/** Database and keys in one backup undo what erasure promises. */
function keyRingVolume(keyRingDir: string, dataDir: string): Finding {
  const device = (folder: string): number | undefined => statSync(folder, { throwIfNoEntry: false })?.dev;
  const apart = device(keyRingDir) !== device(dataDir);
  return advice(
    'key_ring_volume',
    apart,
    'lies on a volume of its own',
    'lies on the volume of DATA_DIR: keep it apart, and never back both up as one set',
  );
}
