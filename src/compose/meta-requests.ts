import {
  makeExpireMetaRequests,
  makeRecheckAfterDeauthorisation,
  makeShowDeletion,
  makeTakeDeauthorisation,
  makeTakeDeletion,
} from '../domain/callbacks';
import { certificateAddress } from '../domain/erasure';
import { makeRecheckTokens, makeRefreshProfiles, type PageDeps } from '../domain/pages';
import type { DrainInboxDeps } from '../domain/inbox';
import { readSignedRequest } from '../platform/messenger/signed-request';
import type { Infrastructure } from './infrastructure';
import type { Surroundings } from './surroundings.types';

/** Wires what Meta asks of the app itself. */
export function composeMetaRequests(
  { db, keyRing, clock, log }: Infrastructure,
  { messenger: { appSecrets }, publicUrl }: Surroundings,
  { graph, stopPage }: Pick<PageDeps, 'graph'> & Pick<DrainInboxDeps, 'stopPage'>,
) {
  const deps = { db, keyRing, clock };
  const recheckTokens = makeRecheckTokens({ db, keyRing, graph, log, stopPage });
  return {
    routes: {
      readRequest: (text: string) => readSignedRequest(text, appSecrets, clock.now()),
      takeDeletion: makeTakeDeletion(deps),
      takeDeauthorisation: makeTakeDeauthorisation(deps),
      addressOf: (code: string) => certificateAddress(publicUrl, code),
    },
    showDeletion: makeShowDeletion(deps),
    /** What is asked of Meta by timers. */
    asking: [
      { name: 'recheck-tokens', run: makeRecheckAfterDeauthorisation({ ...deps, recheckTokens }) },
      { name: 'refresh-profiles', run: makeRefreshProfiles({ db, keyRing, graph, log }) },
    ],
    housekeeping: [{ name: 'expire-meta-requests', run: makeExpireMetaRequests(deps) }],
  };
}
