import { recordAudit, requireSubscription } from '../accounts';
import type { RowId, Tx } from '../sql.types';
import { changePage, resolveOrThrow } from './change-page';
import { detailOf, ownPage, type PageDetail } from './find-page';
import { checkToken } from './page-settings.rules';
import { lockMetaPage, lockOwnPage, recordSetup, type PageFaultReason } from './page.store';
import { pageToken, withPageRing } from './page-token';
import type { PageDeps } from './pages.deps.types';
import { invalidPageInput, pageDisconnected, pageNotFound } from './pages.errors';
import type { Page, PageSettingsChange, PageSetup } from './pages.types';
import { setUpPage } from './set-up-page';
import { verifyToken } from './verify-token';

/** Stops that a new token ends. The others need somebody to look: connecting the Page again ends them. */
const ENDED_BY_TOKEN: ReadonlySet<string> = new Set<PageFaultReason>(['page_token', 'page_permission']);

export interface UpdatePageInput {
  readonly accountId: RowId;
  /** Meta's id or ours. */
  readonly ref: string;
  readonly settings: PageSettingsChange;
  readonly accessToken?: string | undefined;
}

export interface UpdatedPage {
  readonly page: PageDetail;
  readonly setup: PageSetup | null;
}

/**
 * Changes a Page's settings, notice or token; with a token, or after a set-up that failed, Meta's side is set again.
 *
 * @throws {UserError} `page_not_found`, `page_disconnected`, `validation_failed`; with a token `subscription_ended`, `account_deleted`
 * @throws {PageTokenRefusedError} and nothing is changed
 * @throws {OperationalError} `meta_unreachable`
 */
export function makeUpdatePage(deps: PageDeps) {
  return async ({ accountId, ref, settings, accessToken }: UpdatePageInput): Promise<UpdatedPage> => {
    const before = await ownPage(deps.db, accountId, ref);
    if (before.state === 'disconnected') throw pageDisconnected();
    const badToken = accessToken === undefined ? [] : checkToken(accessToken);
    if (badToken.length > 0) throw invalidPageInput(badToken);
    resolveOrThrow(before, settings);
    if (accessToken !== undefined) {
      await verifyToken(deps.graph, { metaPageId: before.metaPageId, token: accessToken });
    }
    const stored = await withPageRing(deps.keyRing, before.uuid, () => pageToken(deps.keyRing, before));
    await deps.db.transaction((tx) => storeChange(tx, deps, before, settings, accessToken ?? null));

    const after = await ownPage(deps.db, accountId, before.uuid);
    const setup = needsSetup(before, after, accessToken !== undefined)
      ? await setUpPage(deps.graph, { metaPageId: after.metaPageId, token: accessToken ?? stored }, after.name)
      : after.setup;
    if (setup !== after.setup && setup !== null) await recordSetup(deps.db, after.id, setup);
    return { page: await detailOf(deps.db, { ...after, setup }), setup };
  };
}

async function storeChange(
  tx: Tx,
  deps: PageDeps,
  before: Page,
  settings: PageSettingsChange,
  token: string | null,
): Promise<void> {
  // A new token starts a Page that had stopped.
  if (token !== null) await requireSubscription(tx, before.accountId);
  await lockMetaPage(tx, before.metaPageId);
  const page = await lockOwnPage(tx, before.accountId, before.id);
  if (page === undefined) throw pageNotFound();
  if (page.state === 'disconnected') throw pageDisconnected();
  await changePage(tx, deps, page, {
    settings,
    token,
    mayRestart: ({ stop }) => stop !== null && ENDED_BY_TOKEN.has(stop.reason),
  });
  if (token === null) return;
  await recordAudit(tx, deps, {
    accountId: page.accountId,
    kind: 'page.token_replaced',
    detail: { page: page.uuid },
  });
}

/** A stopped Page without a new token is left alone: its calls would only be refused. */
function needsSetup(before: Page, after: Page, hasNewToken: boolean): boolean {
  if (hasNewToken) return true;
  const incomplete = after.setup === null || after.setup.state === 'failed';
  return after.state === 'active' && (incomplete || before.name !== after.name);
}
