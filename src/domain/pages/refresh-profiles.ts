import type { Log } from '../../kernel/log';
import type { KeyRing } from '../keyring.types';
import type { Database } from '../sql.types';
import type { GraphRefusal, PageGraph } from './page-graph.types';
import { pageProfile, profileSha256 } from './page-setup.rules';
import { pageToken, withPageRing } from './page-token';
import { listActivePages, replaceSetup } from './page.store';
import type { Page, PageSetup } from './pages.types';
import { toMetaFault } from './set-up-page';

export interface RefreshProfilesDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly graph: Pick<PageGraph, 'setProfile'>;
  readonly log: Log;
}

/**
 * Sets greeting and menu anew on Pages that an earlier release set up: what a person may ask for must stand in their menu. A
 * refusal is kept with the Page and not tried again; where Meta gives no verdict, the next round begins there.
 *
 * @returns how many Pages were looked at to an end
 */
export const makeRefreshProfiles = (deps: RefreshProfilesDeps) => async (): Promise<number> => {
  let refreshed = 0;
  for (const page of await listActivePages(deps.db)) {
    const { setup } = page;
    if (setup === null || setup.state === 'failed' || setup.profile === profileSha256(page.name)) continue;
    if (!(await refresh(deps, page, setup))) break;
    refreshed += 1;
  }
  if (refreshed > 0) deps.log.event('pages.menus_refreshed', { count: refreshed });
  return refreshed;
};

async function refresh({ db, keyRing, graph }: RefreshProfilesDeps, page: Page, setup: PageSetup): Promise<boolean> {
  const token = await withPageRing(keyRing, page.uuid, () => pageToken(keyRing, page));
  const answer = await graph.setProfile({ metaPageId: page.metaPageId, token }, pageProfile(page.name));
  if (!answer.ok && !isVerdict(answer)) return false;
  const fault = answer.ok ? [] : [{ step: 'profile' as const, ...toMetaFault(answer) }];
  const faults = [...setup.faults.filter(({ step }) => step !== 'profile'), ...fault];
  // Whoever set the Page up meanwhile knows better.
  await replaceSetup(db, page.id, setup, { ...setup, faults, profile: profileSha256(page.name) });
  return true;
}

/** An error envelope of Meta's that is no passing trouble of its own. Source: Graph API, error handling: codes 1 and 2 are temporary. */
const isVerdict = ({ code }: GraphRefusal): boolean => code !== null && code > 2;
