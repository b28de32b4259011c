import type { Database, RowId, Sql } from '../sql.types';
import { noticesInForce } from './notice.store';
import { findOwnPageByMetaId, findOwnPageByUuid, listOwnPages } from './page.store';
import { invalidPageInput, pageNotFound } from './pages.errors';
import type { Notice, Page } from './pages.types';
import { UUID } from '../../kernel/uuid';

const META_ID = /^\d{1,32}$/;

/** A Page with the notice in force in each of its languages. */
export interface PageDetail extends Page {
  readonly notices: readonly Notice[];
}

export const detailOf = async (sql: Sql, page: Page): Promise<PageDetail> => ({
  ...page,
  notices: await noticesInForce(sql, page.id),
});

/**
 * The account's Page by Meta's id or by ours, disconnected ones too.
 *
 * @throws {UserError} `page_not_found`, also for a Page of another account
 */
export async function ownPage(sql: Sql, accountId: RowId, ref: string): Promise<Page> {
  const page = META_ID.test(ref)
    ? await findOwnPageByMetaId(sql, accountId, ref)
    : UUID.test(ref)
      ? await findOwnPageByUuid(sql, accountId, ref)
      : undefined;
  if (page === undefined) throw pageNotFound();
  return page;
}

export interface FindPageDeps {
  readonly db: Database;
}

/** @throws {UserError} `page_not_found` */
export function makeGetPage({ db }: FindPageDeps) {
  return async (accountId: RowId, ref: string): Promise<PageDetail> => detailOf(db, await ownPage(db, accountId, ref));
}

export interface ListPagesInput {
  readonly accountId: RowId;
  readonly limit: number;
  /** Public id of the last Page of the part before. */
  readonly after?: string | null;
}

export interface PageList {
  readonly items: readonly Page[];
  /** Pass as `after` to go on; null at the end. */
  readonly next: string | null;
}

export function makeListPages({ db }: FindPageDeps) {
  return async ({ accountId, limit, after }: ListPagesInput): Promise<PageList> => {
    if (after != null && !UUID.test(after))
      throw invalidPageInput([{ pointer: 'cursor', detail: 'is not one of ours' }]);
    const found = await listOwnPages(db, accountId, after ?? null, limit + 1);
    const items = found.slice(0, limit);
    return { items, next: found.length > limit ? (items.at(-1)?.uuid ?? null) : null };
  };
}
