import type { Clock } from '../../kernel/clock';
import { InvariantError } from '../../kernel/errors';
import type { KeyRing } from '../keyring.types';
import { isUnknownVersion } from '../leads';
import type { Database, RowId } from '../sql.types';
import type { PageGraph } from './page-graph.types';
import { dropToken, listTokenPages } from './page.store';
import { pageToken, withPageRing } from './page-token';
import type { Page } from './pages.types';

export interface ReleasePagesDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly graph: PageGraph;
  readonly clock: Clock;
}

export interface ReleasedPages {
  /** Meta sends no more webhooks for them. */
  readonly released: number;
  /** Whose tokens are still here. */
  readonly left: number;
}

/**
 * Ends what Meta does for the Pages of an account, and drops their tokens. May be repeated.
 *
 * @param mayLeave drops the tokens also where Meta does not answer: its webhooks find no Page any more
 */
export const makeReleasePages =
  ({ db, keyRing, graph, clock }: ReleasePagesDeps) =>
  async (accountId: RowId, mayLeave: boolean): Promise<ReleasedPages> => {
    let [released, left] = [0, 0];
    for (const page of await listTokenPages(db, accountId)) {
      const isTold = await release(keyRing, graph, page);
      if (isTold) released += 1;
      if (isTold || mayLeave) await db.transaction((tx) => dropToken(tx, page.id, clock.now()));
      else left += 1;
    }
    return { released, left };
  };

async function release(keyRing: KeyRing, graph: PageGraph, page: Page): Promise<boolean> {
  const token = await tokenOrNull(keyRing, page);
  if (token === null) return false;
  const answer = await graph.unsubscribe({ metaPageId: page.metaPageId, token });
  // A token that Meta does not know any more opens nothing that could be ended.
  return answer.ok || answer.code === TOKEN_INVALID;
}

/** Null for one that nothing opens any more: a damaged row, or a ring that is lost, holds up no deletion. */
async function tokenOrNull(keyRing: KeyRing, page: Page): Promise<string | null> {
  try {
    return await withPageRing(keyRing, page.uuid, () => pageToken(keyRing, page));
  } catch (error) {
    if (error instanceof InvariantError || isUnknownVersion(error)) return null;
    throw error;
  }
}

/** Source: Messenger Platform, error codes, checked 2026-11-23. */
const TOKEN_INVALID = 190;
