import { createHmac } from 'node:crypto';
import type { KeyRing } from '../keyring.types';

const macOf = (keyRing: Pick<KeyRing, 'systemKey'>, text: string): Buffer =>
  createHmac('sha256', keyRing.systemKey('erased-account')).update(text).digest();

/** What a deleted account is recognised by in a database that was set back, from before anything of it goes. */
export const erasedAccountMac = (keyRing: Pick<KeyRing, 'systemKey'>, accountUuid: string): Buffer =>
  macOf(keyRing, `assent/erased-account/v1|${accountUuid}`);

/** What says that nothing of it is left: rows that claim to be of its deletion are none from then on. */
export const goneAccountMac = (keyRing: Pick<KeyRing, 'systemKey'>, accountUuid: string): Buffer =>
  macOf(keyRing, `assent/gone-account/v1|${accountUuid}`);
