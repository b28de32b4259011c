import { RETENTION } from '../../../config/retention';
import type { Clock } from '../../kernel/clock';
import { dayOf } from '../day-key';
import type { EndedFacts, KeyRing } from '../keyring.types';
import type { Database } from '../sql.types';
import { endedKeyMac, withdrawnMac } from './ended.rules';
import { forgetEnded, readEnded } from './ended.store';

const BATCH = 1_000;

export interface KeepEndedDeps {
  readonly db: Database;
  readonly keyRing: Pick<KeyRing, 'systemKey'>;
  readonly clock: Clock;
  /** Beside the key ring. */
  readonly ended: EndedFacts;
}

/**
 * Writes down beside the key ring who unsubscribed and which API keys were revoked: a database that is set back knows it no more. Killed
 * in between, it writes some of them once more.
 *
 * @returns how many were written
 */
export const makeKeepEnded =
  ({ db, keyRing, clock, ended }: KeepEndedDeps) =>
  async (): Promise<number> => {
    const rows = await readEnded(db, BATCH);
    const key = keyRing.systemKey('ended');
    await ended.add(
      dayOf(clock.now()),
      rows.map(({ leadUuid, chainN, keyUuid }) =>
        leadUuid === null
          ? { mac: endedKeyMac(key, keyUuid ?? ''), n: 0 }
          : { mac: withdrawnMac(key, leadUuid), n: chainN },
      ),
    );
    if (rows.length > 0)
      await forgetEnded(
        db,
        rows.map(({ id }) => id),
      );
    return rows.length;
  };

/** @returns how many days were forgotten */
export const makeForgetEnded =
  ({ clock, ended }: Pick<KeepEndedDeps, 'clock' | 'ended'>) =>
  (): Promise<number> =>
    ended.forgetBefore(dayOf(clock.now()) - RETENTION.endedDays);
