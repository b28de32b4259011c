import { statSync } from 'node:fs';
import { anchorWarning, composeAnchors } from '../compose/anchors';
import type { Infrastructure } from '../compose/infrastructure';
import { makeReadAnchors, readHead } from '../domain/ledger';
import { erasures, keyRingCopy } from './doctor-copy';
import { advice, finding, type Finding } from './finding';

export interface Examination {
  readonly findings: readonly Finding[];
}

/** What the person who runs this installation has left undone. Everything is left as it is. */
export async function examine(infrastructure: Infrastructure): Promise<Examination> {
  const { config, db, keyRing, queue } = infrastructure;
  const answers = async (work: Promise<unknown>) => work.then(() => true).catch(() => false);
  return {
    findings: [
      finding('database', await answers(db.run('select 1')), 'answers', 'does not answer'),
      finding('queue', await answers(queue.ping()), 'answers', 'does not answer; check REDIS_URL or the database'),
      finding(
        'key_ring',
        await answers(keyRing.verifyAgainstRegistry()),
        'agrees with the database',
        'does not agree with the database',
      ),
      keyRingVolume(config.keyRingDir, config.dataDir),
      ...(await keyRingCopy(infrastructure)),
      await erasures(infrastructure),
      await logGrows(infrastructure),
      ...(await anchors(infrastructure)),
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
        config.masterKeys !== null,
        'given from outside',
        'made and kept under DATA_DIR: copy it to a safe place, losing it is losing everything',
      ),
    ],
  };
}

async function anchors(infrastructure: Infrastructure): Promise<Finding[]> {
  const view = await makeReadAnchors({ ...infrastructure, services: composeAnchors(infrastructure) })();
  const warning = anchorWarning(infrastructure.config, view);
  const silent = view.services.filter(({ failures }) => failures > 0).map(({ name }) => name);
  return [
    advice(
      'independent_anchor',
      warning === null,
      'a service you configured has vouched for the log; whether it is independent of you is for the auditor to judge',
      warning ?? '',
    ),
    advice(
      'anchor_services',
      silent.length === 0,
      'nobody who was asked failed to answer',
      `no answer: ${silent.join(', ')}`,
    ),
  ];
}

const PENDING_TOO_LONG_MS = 10_000;

/** The log at a glance. */
export interface LogState {
  readonly size: number;
  /** The newest checkpoint, and how long ago it was signed; null while there is none. */
  readonly head: { readonly note: string; readonly ageMs: number } | null;
  /** The checkpoint beside the key ring. */
  readonly copy: string | null;
  readonly pending: number;
  readonly rejected: number;
}

/** Nobody may be written to before their consent is signed: a log that stands still is a fault. */
export function judgeLog({ size, head, copy, pending, rejected }: LogState): Finding {
  const age = head === null ? '' : ` (the last ${String(Math.round(head.ageMs / 1000))} s ago)`;
  const state = `${String(size)} entries signed${age}, ${String(pending)} waiting, ${String(rejected)} set aside`;
  const failed = (detail: string): Finding => finding('log', false, '', detail);
  const kept = sizeOf(copy);
  if (kept > size)
    return failed(`halted, for the database was set back: ${state}, and ${String(kept)} beside the keys`);
  if (copy !== null && kept === size && copy !== head?.note)
    return failed(`halted, for the copy beside the key ring is of another log: ${state}; run assent audit`);
  if (rejected > 0) return failed(`somebody wrote to the database: ${state}; run assent audit`);
  const isStuck = pending > 0 && (head?.ageMs ?? Infinity) > PENDING_TOO_LONG_MS;
  return advice('log', !isStuck, state, `${state}: start a worker, or look for ledger.halted in its log`);
}

async function logGrows({ db, clock, checkpointCopy }: Infrastructure): Promise<Finding> {
  const copy = await checkpointCopy.read();
  const head = await readHead(db);
  const ageMs = clock.now().getTime() - (head?.signedAt.getTime() ?? 0);
  return judgeLog({
    size: head?.size ?? 0,
    head: head === undefined ? null : { note: head.note, ageMs },
    copy,
    ...(await countWaiting(db)),
  });
}

const sizeOf = (note: string | null): number => Number(note?.split('\n')[1] ?? 0);

async function countWaiting(db: Infrastructure['db']): Promise<{ pending: number; rejected: number }> {
  const row = await db.first<{ pending: string; rejected: string }>(
    'select (select count(*) from ledger_pending) as pending, (select count(*) from ledger_rejected) as rejected',
  );
  return { pending: Number(row?.pending ?? 0), rejected: Number(row?.rejected ?? 0) };
}

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
