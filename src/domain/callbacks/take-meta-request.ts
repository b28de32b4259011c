import { createHmac } from 'node:crypto';
import type { Clock } from '../../kernel/clock';
import type { KeyRing } from '../keyring.types';
import type { Database } from '../sql.types';
import {
  deleteExpired,
  findDeletion,
  insertMetaRequest,
  markDone,
  readOpen,
  type MetaRequest,
  type MetaRequestKind,
} from './meta-request.store';

const CODE_BYTES = 16;
const CODE = /^[0-9a-f]{32}$/;
/** The page of a request answers for as long as somebody may come back to ask. */
const KEPT_MS = 365 * 86_400_000;
const MOST_AT_ONCE = 1_000;

export interface MetaRequestDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly clock: Clock;
}

/** Who asked, by their app-scoped id, and when: what a signed request says. */
export interface AskedByMeta {
  readonly userId: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
}

/** The same request always gets the same code, and the code tells nothing of whose it is. */
const codeOf = (keyRing: KeyRing, kind: MetaRequestKind, { userId, issuedAt }: AskedByMeta): string =>
  createHmac('sha256', keyRing.systemKey('meta-request'))
    .update(`${kind}|${userId}|${String(issuedAt)}`)
    .digest()
    .subarray(0, CODE_BYTES)
    .toString('hex');

const take =
  (deps: MetaRequestDeps, kind: MetaRequestKind, state: MetaRequest['state']) =>
  async (asked: AskedByMeta): Promise<string> => {
    const code = codeOf(deps.keyRing, kind, asked);
    const receivedAt = deps.clock.now();
    const expiresAt = new Date(receivedAt.getTime() + KEPT_MS);
    await insertMetaRequest(deps.db, { code, kind, state, receivedAt, expiresAt });
    return code;
  };

/**
 * Somebody asked Meta that their data be deleted. Meta names them by their app-scoped id, which nothing here is kept under: people
 * of a Page are known by another number, and accounts have no Facebook login. So there is nothing to delete, and the page of
 * the code says that and how it is asked for in the conversation.
 *
 * @returns the confirmation code; the id is kept nowhere
 */
export const makeTakeDeletion = (deps: MetaRequestDeps) => take(deps, 'deletion', 'done');

/** Somebody took the app off. Pages they had connected may have lost their tokens: the next sweep asks Meta of each. */
export const makeTakeDeauthorisation = (deps: MetaRequestDeps) => take(deps, 'deauthorisation', 'open');

/** For the public page. Null for an unknown code. */
export const makeShowDeletion =
  ({ db }: Pick<MetaRequestDeps, 'db'>) =>
  async (code: string): Promise<MetaRequest | null> =>
    CODE.test(code) ? ((await findDeletion(db, code)) ?? null) : null;

export interface RecheckDeps extends MetaRequestDeps {
  /** Asks Meta of the token of every active Page, and stops those that lost it. */
  readonly recheckTokens: () => Promise<unknown>;
}

/** What was asked while the Pages are being checked stays open for the next round. */
export const makeRecheckAfterDeauthorisation = (deps: RecheckDeps) => async (): Promise<number> => {
  const open = await readOpen(deps.db, MOST_AT_ONCE);
  if (open.length === 0) return 0;
  await deps.recheckTokens();
  return markDone(deps.db, open);
};

export const makeExpireMetaRequests =
  ({ db, clock }: Pick<MetaRequestDeps, 'db' | 'clock'>) =>
  (): Promise<number> =>
    deleteExpired(db, clock.now());
