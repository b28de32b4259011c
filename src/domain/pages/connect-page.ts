import { recordAudit, requireSubscription } from '../accounts';
import { InvariantError, UserError } from '../../kernel/errors';
import type { RowId, Tx } from '../sql.types';
import { appendSettings, changePage, publishNotice, recordModeReason, resolveOrThrow } from './change-page';
import { detailOf, type PageDetail } from './find-page';
import { changedTexts, defaultNoticeText, FALLBACK_LANGUAGE } from './notice.rules';
import { checkMetaPageId, checkToken } from './page-settings.rules';
import {
  findOwnPageByMetaId,
  findPageByMetaId,
  insertPage,
  lockMetaPage,
  lockOwnPage,
  recordSetup,
} from './page.store';
import { sealToken, withPageRing } from './page-token';
import type { PageDeps } from './pages.deps.types';
import { invalidPageInput, pageNotFound, pageTaken } from './pages.errors';
import type { Page, PageSettingsChange, PageSetup } from './pages.types';
import { setUpPage } from './set-up-page';
import { verifyToken } from './verify-token';

export interface ConnectPageInput {
  readonly accountId: RowId;
  readonly metaPageId: string;
  readonly accessToken: string;
  readonly settings: PageSettingsChange & { readonly name: string };
  /** Public id for a Page that is new to the account. */
  readonly uuid?: string;
}

export interface ConnectedPage {
  readonly page: PageDetail;
  /** What of Meta's side is in place; when it failed, connect again. */
  readonly setup: PageSetup;
  /** False when the account had this Page before: then it kept its leads, and its token and settings were renewed. */
  readonly created: boolean;
}

/**
 * Connects a Page, or connects it again.
 *
 * The row comes before Meta's side: were it the other way round, people could write to a Page nobody knows, and their
 * opt-ins would be dropped. A death in between leaves a Page whose `setup` is null; doing all of it again repairs that.
 *
 * @throws {PageTokenRefusedError} with Meta's code when the token opens nothing or another Page; nothing is stored then
 * @throws {UserError} `validation_failed`, `page_taken`, `subscription_ended`, `account_deleted`
 * @throws {OperationalError} `meta_unreachable`
 */
export function makeConnectPage(deps: PageDeps) {
  return async (input: ConnectPageInput): Promise<ConnectedPage> => {
    const { accountId, metaPageId, accessToken, settings } = input;
    const idAndToken = [...checkMetaPageId(metaPageId), ...checkToken(accessToken)];
    if (idAndToken.length > 0) throw invalidPageInput(idAndToken);
    await deps.db.transaction((tx) => requireSubscription(tx, accountId));
    const known = await findOwnPageByMetaId(deps.db, accountId, metaPageId);
    resolveOrThrow(known ?? null, settings);
    await verifyToken(deps.graph, { metaPageId, token: accessToken });
    await refuseTaken(deps.db, accountId, metaPageId);

    const pageUuid = known?.uuid ?? input.uuid ?? deps.ids.uuid();
    if (known === undefined) await deps.keyRing.createPageRing(pageUuid);
    else await withPageRing(deps.keyRing, pageUuid, () => deps.keyRing.pageKey(pageUuid, 'page-token'));
    const created = await deps.db
      .transaction((tx) => storePage(tx, deps, input, pageUuid))
      .catch(async (error: unknown) => {
        // Refused, so that no Page needs the keys.
        if (error instanceof UserError && known === undefined) await deps.keyRing.dropRing(pageUuid);
        throw error;
      });

    const setup = await setUpPage(deps.graph, { metaPageId, token: accessToken }, settings.name.trim());
    const page = await findOwnPageByMetaId(deps.db, accountId, metaPageId);
    if (page === undefined) throw pageNotFound();
    await recordSetup(deps.db, page.id, setup);
    deps.log.event('page.connected', { page: page.uuid, state: setup.state });
    return { page: await detailOf(deps.db, { ...page, setup }), setup, created };
  };
}

async function refuseTaken(sql: PageDeps['db'] | Tx, accountId: RowId, metaPageId: string): Promise<void> {
  const holder = await findPageByMetaId(sql, metaPageId);
  if (holder !== undefined && holder.accountId !== accountId) throw pageTaken();
}

/** @returns true when the Page is new to the account */
async function storePage(tx: Tx, deps: PageDeps, input: ConnectPageInput, pageUuid: string): Promise<boolean> {
  const { accountId, metaPageId, accessToken, settings } = input;
  await requireSubscription(tx, accountId);
  await lockMetaPage(tx, metaPageId);
  await refuseTaken(tx, accountId, metaPageId);
  const own = await findOwnPageByMetaId(tx, accountId, metaPageId);
  if (own === undefined) await createPage(tx, deps, input, pageUuid);
  else {
    const page = await lockOwnPage(tx, accountId, own.id);
    if (page === undefined) throw pageNotFound();
    await changePage(tx, deps, page, { settings, token: accessToken, mayRestart: () => true });
  }
  await recordAudit(tx, deps, {
    accountId,
    kind: 'page.connected',
    detail: { page: own?.uuid ?? pageUuid, again: own !== undefined },
  });
  return own === undefined;
}

async function createPage(tx: Tx, deps: PageDeps, input: ConnectPageInput, uuid: string): Promise<void> {
  const { accountId, metaPageId, accessToken } = input;
  const { settings, reasonToRecord } = resolveOrThrow(null, input.settings);
  const tokenCt = sealToken(deps.keyRing, uuid, accessToken);
  const id = await insertPage(tx, { uuid, accountId, metaPageId, tokenCt, settings, at: deps.clock.now() });
  if (id === undefined) throw new InvariantError('page_not_stored', 'a new Page row was not returned');
  const page: Pick<Page, 'id' | 'uuid' | 'accountId' | 'metaPageId' | 'name'> = {
    id,
    uuid,
    accountId,
    metaPageId,
    name: settings.name,
  };
  const defaults = new Map([[FALLBACK_LANGUAGE, defaultNoticeText(settings.optInMode)]]);
  await publishNotice(tx, deps, page, changedTexts(defaults, input.settings.notice ?? {}, settings.name));
  await appendSettings(tx, deps, page, settings);
  if (reasonToRecord !== null) await recordModeReason(tx, deps, page, reasonToRecord);
}
