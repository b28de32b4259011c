import { createHmac } from 'node:crypto';
import type { KeyRing } from '../keyring.types';

/** What a deleted account is recognised by in a database that was set back. */
export const erasedAccountMac = (keyRing: Pick<KeyRing, 'systemKey'>, accountUuid: string): Buffer =>
  createHmac('sha256', keyRing.systemKey('erased-account')).update(`assent/erased-account/v1|${accountUuid}`).digest();
