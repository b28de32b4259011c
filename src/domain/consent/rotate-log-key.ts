import { UserError } from '../../kernel/errors';
import { logKeys, logSigner, logVkey } from '../ledger';
import type { Sql } from '../sql.types';
import { announcedLeaf, isAnnounced, makeAnnounceKeys, type AnnounceKeysDeps } from './announce-keys';

/** So long a former key signs beside its successor, from when the log says who that is. */
const BESIDE_MS = 30 * 86_400_000;

export interface LogKeyRotation {
  /** The key that signs from now on. */
  readonly vkey: string;
  /** The one it took the place of. */
  readonly former: string;
}

function rotationUnderWay(signsUntil: Date | null): UserError {
  const until =
    signsUntil === null ? 'and the log does not hold the entry of that yet' : `until ${signsUntil.toISOString()}`;
  return new UserError('log_key_rotating', `a former key of the log still signs beside the one of now, ${until}`);
}

/**
 * Gives the log a new key, and writes it into the log. Every process signs with both at its next checkpoint. Repeated after a death at
 * any step, it finishes what that one began.
 *
 * @throws {UserError} `log_key_rotating` when it was finished, and the time of the former key is not over
 */
export const makeRotateLogKey = (deps: AnnounceKeysDeps) => async (): Promise<LogKeyRotation> => {
  const { db, keyRing, logOrigin } = deps;
  const announce = makeAnnounceKeys(deps);
  await keyRing.refreshSystemKeys();
  const beside = keyRing.formerLogKeys().findLast(({ seed }) => seed !== null);
  if (beside !== undefined && (await isAnnounced(db, logVkey(keyRing, logOrigin))))
    throw rotationUnderWay(beside.signsUntil);
  if (beside === undefined) {
    const { publicKey } = logSigner(keyRing, logOrigin);
    // An installation that never ran has not said yet what its first key is.
    await announce({ vkey: logVkey(keyRing, logOrigin), appSecrets: [] });
    await keyRing.replaceLogKey({ publicKey, seed: keyRing.systemKey('log-signing') });
  }
  const [current, former] = logKeys(keyRing, logOrigin).reverse();
  await announce({ vkey: logVkey(keyRing, logOrigin), appSecrets: [] });
  return { vkey: current?.vkey ?? '', former: former?.vkey ?? '' };
};

/**
 * Carries rotations of the log's key to their end: writes a key into the log that a death kept out of it, lets the time of a former key run
 * once its successor stands in the signed log, and destroys the seed when that is over. For housekeeping.
 *
 * @returns how many former keys were given their end, or lost their seed
 */
export const makeSettleLogKeys = (deps: AnnounceKeysDeps) => async (): Promise<number> => {
  const { db, keyRing, logOrigin, clock } = deps;
  await keyRing.refreshSystemKeys();
  if (keyRing.formerLogKeys().every(({ seed }) => seed === null)) return 0;
  await makeAnnounceKeys(deps)({ vkey: logVkey(keyRing, logOrigin), appSecrets: [] });
  const now = clock.now();
  let settled = await boundFormerKeys(db, deps, new Date(now.getTime() + BESIDE_MS));
  const ended = keyRing.formerLogKeys().filter(({ seed, signsUntil }) => seed !== null && isOver(signsUntil, now));
  if (ended.length > 0) await keyRing.destroyFormerLogSeeds(now);
  settled += ended.length;
  return settled;
};

const isOver = (signsUntil: Date | null, now: Date): boolean => signsUntil !== null && signsUntil <= now;

async function boundFormerKeys(
  sql: Sql,
  { keyRing, logOrigin }: Pick<AnnounceKeysDeps, 'keyRing' | 'logOrigin'>,
  until: Date,
): Promise<number> {
  const keys = logKeys(keyRing, logOrigin);
  let bound = 0;
  for (const [at, { publicKey, signsUntil }] of keyRing.formerLogKeys().entries()) {
    const successor = keys[at + 1];
    if (signsUntil !== null || successor === undefined) continue;
    const leaf = await announcedLeaf(sql, successor.vkey);
    if (leaf === null) continue;
    await keyRing.boundFormerLogKey(publicKey, leaf, until);
    bound += 1;
  }
  return bound;
}
