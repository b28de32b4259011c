import path from 'node:path';
import type { Config } from '../../config/env';
import {
  makeCallRecipients,
  makeDropEndedCalls,
  makeEndRecipient,
  makeGetRecipient,
  makeListRecipients,
  makeRegisterRecipient,
  type SealedCalls,
} from '../domain/recipients';
import { callFiles, postToRecipient } from '../platform/recipients';
import type { Infrastructure } from './infrastructure';

/** Beside the key ring: no copy of the database holds it, and none brings it back. */
export const sealedCallsOf = ({ keyRingDir }: Pick<Config, 'keyRingDir'>): SealedCalls =>
  callFiles(path.join(keyRingDir, 'recipient-calls'));

/** Wires the register of recipients, and what tells them of erasures. */
export function composeRecipients({ db, keyRing, clock, ids, log, config }: Infrastructure) {
  const onLoopback = config.recipientsOnLoopback;
  const register = { db, keyRing, clock, ids, onLoopback };
  const calling = {
    db,
    keyRing,
    clock,
    log,
    sealedCalls: sealedCallsOf(config),
    post: postToRecipient({ onLoopback }),
  };
  return {
    routes: {
      register: makeRegisterRecipient(register),
      get: makeGetRecipient(register),
      list: makeListRecipients(register),
      end: makeEndRecipient(register),
    },
    /** Apart from the others, who would wait for recipients that do not answer. */
    sweeps: [{ name: 'call-recipients', run: makeCallRecipients(calling) }],
    housekeeping: [{ name: 'drop-ended-calls', run: makeDropEndedCalls(calling) }],
  };
}
