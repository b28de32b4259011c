import { openField, sealField } from '../../kernel/crypto/field-cipher';
import type { KeyRing } from '../keyring.types';
import { isUnknownVersion } from '../leads';
import { pageDisconnected } from './pages.errors';
import type { Page } from './pages.types';

const PLACE = { table: 'page', column: 'token_ct' } as const;

export const sealToken = (keyRing: KeyRing, pageUuid: string, token: string): Buffer =>
  sealField(keyRing.pageKey(pageUuid, 'page-token'), { ...PLACE, row: pageUuid }, Buffer.from(token, 'utf8'));

/**
 * The token for Graph calls of this Page. Keep it out of URLs, logs and errors.
 *
 * @throws {UserError} `page_disconnected` when there is none; `key_version_unknown` when the ring must be reloaded first
 */
export function pageToken(keyRing: KeyRing, page: Pick<Page, 'uuid' | 'tokenCt'>): string {
  if (page.tokenCt === null) throw pageDisconnected();
  const key = keyRing.pageKey(page.uuid, 'page-token');
  return openField(key, { ...PLACE, row: page.uuid }, page.tokenCt).toString('utf8');
}

/** Runs `work`, and once more with a fresh ring when another process has made the Page's keys since the last reading. */
export async function withPageRing<T>(keyRing: KeyRing, pageUuid: string, work: () => T): Promise<T> {
  try {
    return work();
  } catch (error) {
    if (!isUnknownVersion(error)) throw error;
    await keyRing.reload(pageUuid);
    return work();
  }
}
