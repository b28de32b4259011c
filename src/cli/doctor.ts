import { statSync } from 'node:fs';
import type { Infrastructure } from '../compose/infrastructure';

type Finding = { readonly check: string; readonly status: 'ok' | 'warning' | 'failed'; readonly detail: string };

/** What the person who runs this installation has left undone. Nothing is changed. */
export async function examine({
  config,
  db,
  keyRing,
  queue,
}: Infrastructure): Promise<{ findings: readonly Finding[] }> {
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
