import type { Infrastructure } from '../compose/infrastructure';
import { examineKeyRingCopy, tryWritingCopy, UNCERTIFIED } from '../compose/key-ring-copy';
import { readUncertified, type Uncertified } from '../domain/erasure';
import { UserError } from '../kernel/errors';
import type { RingCopyState } from '../platform/keyring';
import { advice, finding, type Finding } from './finding';

/** Housekeeping brings the copy in step every ten minutes; this is longer than two of its rounds. */
const BEHIND_TOO_LONG_MS = 25 * 60_000;
/** An erasure takes seconds; one of an account may wait for Meta. */
const UNCERTIFIED_TOO_LONG_MS = 60_000;

const failed = (detail: string): Finding => finding('key_ring_copy', false, '', detail);

/** Whether the second copy can be read and written, and is the key ring of this moment. */
export async function keyRingCopy(infrastructure: Infrastructure): Promise<readonly Finding[]> {
  try {
    const state = await examineKeyRingCopy(infrastructure);
    const judged = judgeCopy(state, infrastructure.clock.now());
    await tryWritingCopy(infrastructure);
    return judged;
  } catch (error) {
    if (error instanceof UserError) return [failed(`${error.message}; ${UNCERTIFIED}`)];
    throw error;
  }
}

/** @param state null where no copy is named */
export function judgeCopy(state: RingCopyState | null, now: Date): readonly Finding[] {
  if (state === null) {
    const detail = 'KEYRING_COPY_DIR names no second copy of the key ring: losing the only one is losing everything';
    return [advice('key_ring_copy', false, '', detail)];
  }
  return [
    judgeStep(state, now),
    advice(
      'key_ring_copy_volume',
      !state.isOnSameVolume,
      'lies on another volume than the key ring',
      'KEYRING_COPY_DIR lies on the volume of the key ring: what takes one takes both. Is its own volume mounted?',
    ),
  ];
}

function judgeStep({ rings, files, missing, outdated, leftOver, behindSince }: RingCopyState, now: Date): Finding {
  if (files === 0)
    return failed('the directory of KEYRING_COPY_DIR holds no key ring: mount its volume, or run keys copy');
  if (missing + outdated + leftOver === 0)
    return finding('key_ring_copy', true, `in step, ${String(rings)} rings: try it with keys drill`, '');
  const since = behindSince === null ? '' : ` since ${behindSince.toISOString()}`;
  const lacks = `the copy in KEYRING_COPY_DIR is not in step${since}: of ${String(rings)} rings ${String(missing)} are missing and ${String(outdated)} are of another generation, and ${String(leftOver)} that were destroyed still lie there`;
  if (behindSince !== null && now.getTime() - behindSince.getTime() > BEHIND_TOO_LONG_MS)
    return failed(`${lacks}; look for keys.copy_failed in the log, or run keys copy`);
  return advice(
    'key_ring_copy',
    false,
    '',
    `${lacks}; a worker brings it in step within ten minutes, or run keys copy`,
  );
}

/** Whether somebody waits for the certificate of an erasure. */
export const erasures = async ({ db, clock }: Infrastructure): Promise<Finding> =>
  judgeErasures(await readUncertified(db), clock.now());

export function judgeErasures({ count, since }: Uncertified, now: Date): Finding {
  if (since === null) return advice('erasures', true, 'none waits for its certificate', '');
  const waiting = `${String(count)} without a certificate, the first since ${since.toISOString()}`;
  return advice(
    'erasures',
    now.getTime() - since.getTime() <= UNCERTIFIED_TOO_LONG_MS,
    waiting,
    `${waiting}: start a worker, or look for keys.copy_failed and sweep.failed in its log`,
  );
}
