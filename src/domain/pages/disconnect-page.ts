import { recordAudit } from '../accounts';
import type { RowId } from '../sql.types';
import { ownPage } from './find-page';
import { dropToken, lockMetaPage, lockOwnPage } from './page.store';
import { pageToken, withPageRing } from './page-token';
import type { PageDeps } from './pages.deps.types';
import type { MetaFault, Page } from './pages.types';
import { toMetaFault } from './set-up-page';

export interface DisconnectPageInput {
  readonly accountId: RowId;
  /** Meta's id or ours. */
  readonly ref: string;
}

export interface DisconnectedPage {
  readonly page: Page;
  /** Whether Meta stopped its webhooks; when not, `fault` says why, and remove the app in the Page's settings. */
  readonly unsubscribed: boolean;
  readonly fault: MetaFault | null;
}

/**
 * Ends a Page's connection: no webhooks, no token, no sends. Its leads and their proofs stay.
 *
 * @throws {UserError} `page_not_found`
 */
export function makeDisconnectPage(deps: PageDeps) {
  return async ({ accountId, ref }: DisconnectPageInput): Promise<DisconnectedPage> => {
    const page = await ownPage(deps.db, accountId, ref);
    if (page.state === 'disconnected') return { page, unsubscribed: true, fault: null };
    const token = await withPageRing(deps.keyRing, page.uuid, () => pageToken(deps.keyRing, page));
    const answer = await deps.graph.unsubscribe({ metaPageId: page.metaPageId, token });

    await deps.db.transaction(async (tx) => {
      await lockMetaPage(tx, page.metaPageId);
      await lockOwnPage(tx, accountId, page.id);
      await dropToken(tx, page.id, deps.clock.now());
      await deps.blockBroadcasts(tx, page.id, 'page_disconnected');
      await recordAudit(tx, deps, { accountId, kind: 'page.disconnected', detail: { page: page.uuid } });
    });
    deps.log.event('page.disconnected', { page: page.uuid });
    return {
      page: await ownPage(deps.db, accountId, page.uuid),
      unsubscribed: answer.ok,
      fault: answer.ok ? null : toMetaFault(answer),
    };
  };
}
