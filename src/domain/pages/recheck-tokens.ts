import type { Log } from '../../kernel/log';
import type { KeyRing } from '../keyring.types';
import type { Database, Tx, RowId } from '../sql.types';
import type { PageGraph } from './page-graph.types';
import { pageToken, withPageRing } from './page-token';
import { listActivePages, type StopFault } from './page.store';
import { PageTokenRefusedError } from './pages.errors';
import type { Page } from './pages.types';
import { verifyToken } from './verify-token';

export interface RecheckTokensDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly graph: PageGraph;
  readonly log: Log;
  /** Ends all sends of the Page, and blocks its broadcasts. */
  readonly stopPage: (tx: Tx, pageId: RowId, fault: StopFault) => Promise<unknown>;
}

/**
 * Asks Meta of the token of every active Page, and stops each that lost it.
 *
 * @throws {OperationalError} `meta_unreachable` when Meta gave no verdict; asked again, it begins anew
 */
export const makeRecheckTokens = (deps: RecheckTokensDeps) => async (): Promise<void> => {
  let stopped = 0;
  for (const page of await listActivePages(deps.db)) {
    const refusal = await refusalOf(deps, page);
    if (refusal === null) continue;
    await deps.db.transaction((tx) =>
      deps.stopPage(tx, page.id, { reason: 'page_token', ...refusal, tokenCt: page.tokenCt }),
    );
    stopped += 1;
  }
  deps.log.event('pages.tokens_rechecked', { count: stopped });
};

/** Null for a token that still opens its Page. */
async function refusalOf(
  { keyRing, graph }: RecheckTokensDeps,
  page: Page,
): Promise<{ readonly code: number | null; readonly subcode: number | null } | null> {
  const token = await withPageRing(keyRing, page.uuid, () => pageToken(keyRing, page));
  try {
    await verifyToken(graph, { metaPageId: page.metaPageId, token });
    return null;
  } catch (error) {
    if (!(error instanceof PageTokenRefusedError)) throw error;
    return { code: error.metaCode, subcode: error.metaSubcode };
  }
}
