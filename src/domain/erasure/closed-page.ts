import { createHmac } from 'node:crypto';
import { RETENTION } from '../../../config/retention';
import type { Ids } from '../../kernel/ids';
import type { UnheardStop } from '../inbox';
import type { KeyRing } from '../keyring.types';
import type { RowId, Sql, Tx } from '../sql.types';
import { lockPages } from './account-erasure.store';

const RETURN_MS = RETENTION.returnDays * 86_400_000;

/** What a Page of a deleted account is recognised by when it is connected again. */
export const closedPageMac = (keyRing: Pick<KeyRing, 'systemKey'>, metaPageId: string): Buffer =>
  createHmac('sha256', keyRing.systemKey('erased-account')).update(`assent/closed-page/v1|${metaPageId}`).digest();

interface ClosePagesDeps {
  readonly keyRing: KeyRing;
  readonly ids: Ids;
}

interface AccountPage {
  readonly id: RowId;
  readonly uuid: string;
  readonly metaPageId: string;
  readonly isConnected: boolean;
}

export const readAccountPages = (sql: Sql, accountId: RowId): Promise<AccountPage[]> =>
  sql.rows(
    `select id, public_id as uuid, meta_page_id as "metaPageId", state <> 'disconnected' as "isConnected" from page
      where account_id = $1 order by id`,
    [accountId],
  );

/**
 * Remembers which Pages an account had connected when it was closed, in the transaction of the yes and before they are disconnected.
 * What was remembered of these Pages before is forgotten: people were with this account since, and what they said here is the last.
 */
export async function closePages(
  tx: Tx,
  { keyRing, ids }: ClosePagesDeps,
  closing: { readonly id: RowId; readonly accountId: RowId; readonly at: Date },
): Promise<void> {
  // Pages before what is remembered of them, as whoever brings people back locks them.
  await lockPages(tx, closing.accountId);
  const pages = await readAccountPages(tx, closing.accountId);
  const macOf = ({ metaPageId }: AccountPage): Buffer => closedPageMac(keyRing, metaPageId);
  await tx.run('delete from closed_page where page_mac = any($1::bytea[])', [pages.map(macOf)]);
  const connected = pages.filter(({ isConnected }) => isConnected);
  await tx.run(
    `insert into closed_page (id, page_mac, account_erasure_id, closed_at)
     select c.id, c.mac, $3, $4 from unnest($1::uuid[], $2::bytea[]) as c (id, mac)`,
    [connected.map(() => ids.uuid()), connected.map(macOf), closing.id, closing.at],
  );
}

/**
 * Somebody new on a Page was erased, or left it unheard. Whether an archive of an earlier account knows them, nobody can tell any more:
 * so nobody of that Page comes back from one.
 *
 * @param accountId whose own closing is not meant: its people are as it left them
 */
export const forgetClosedPage = (tx: Tx, pageMac: Buffer, accountId: RowId | null): Promise<number> =>
  tx.run(
    `delete from closed_page c using account_erasure e
      where e.id = c.account_erasure_id and c.page_mac = $1 and ($2::bigint is null or e.account_id <> $2)`,
    [pageMac, accountId],
  );

/** Nobody comes back of an account whose deletion cannot vouch for the end of every chain. */
export const forgetClosing = (tx: Tx, accountErasureId: RowId): Promise<number> =>
  tx.run('delete from closed_page where account_erasure_id = $1', [accountErasureId]);

/** What became of people after a backup is not known when it is put back: nobody comes back who was closed before. */
export const forgetClosedPages = (tx: Tx): Promise<number> => tx.run('delete from closed_page');

/** @returns how many expired */
export const expireClosedPages = (sql: Sql, now: Date): Promise<number> =>
  sql.run('delete from closed_page where closed_at <= $1', [new Date(now.getTime() - RETURN_MS)]);

/** The closing of a Page from which people may come back now; undefined when there is none. */
export const findClosedPage = (sql: Sql, pageMac: Buffer, now: Date): Promise<{ readonly id: string } | undefined> =>
  sql.first('select id from closed_page where page_mac = $1 and closed_at > $2 for share', [
    pageMac,
    new Date(now.getTime() - RETURN_MS),
  ]);

/** For wiring: what a stop means that nobody could be unsubscribed by. */
export const makeOnUnheardStop =
  ({ keyRing }: Pick<ClosePagesDeps, 'keyRing'>): UnheardStop =>
  (tx, metaPageId) =>
    forgetClosedPage(tx, closedPageMac(keyRing, metaPageId), null);
