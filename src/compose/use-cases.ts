import { makeAccessForAccount, makeAccessForPerson } from '../domain/access';
import { accountKey, makeAuthenticate, makeCreateApiKey, makeListApiKeys, makeRevokeApiKey } from '../domain/accounts';
import {
  blockBroadcastsOfPage,
  makeAudienceLookups,
  makeCancelBroadcast,
  makeCompleteFinished,
  makeCreateBroadcast,
  makeDeleteBroadcast,
  makeEstimateAudience,
  makeExportDeliveries,
  makeFinishCancelled,
  makeFreezeAudience,
  makeGetBroadcast,
  makeLaunchBroadcast,
  makeListBroadcasts,
  makeListDeliveries,
  makePauseBroadcast,
  makePreflight,
  makeRequeueIdlePages,
  makeRequeuePreparing,
  makeResumeBroadcast,
  makeRulesAt,
  makeStartDue,
  makeTestBroadcast,
  makeUpdateBroadcast,
  reopenBroadcastsOfPage,
} from '../domain/broadcasts';
import { appendSystemEntry, makeConsentHistory, type AppendDeps } from '../domain/consent';
import { makeDrainInbox, makeExpireInbox, makeRequeueInbox, makeStoreWebhook } from '../domain/inbox';
import { makeGetLead, makeListLeads, makeLookupLead, makeSetTags, makeTagLeads } from '../domain/leads';
import {
  makeConnectPage,
  makeDisconnectPage,
  makeGetPage,
  makeImportSuppressions,
  makeListPages,
  makeUpdatePage,
  type PageDeps,
} from '../domain/pages';
import { makeShowReceipt } from '../domain/proof';
import type { RowId } from '../domain/sql.types';
import { makeShowWebPage, makeUnsubscribeByWeb, makeUnsubscribeLead, makeWithdrawPeople } from '../domain/unsubscribe';
import { forgetIdempotencyKeys } from '../http/idempotency';
import { createGraphClient } from '../platform/messenger/graph-client';
import { composeDelivery } from './delivery';
import { composeKeeping } from './keeping';
import { composeMetaRequests } from './meta-requests';
import { composeLedger } from './ledger';
import { logOrigin } from './installation';
import type { Infrastructure } from './infrastructure';
import type { Surroundings } from './surroundings.types';

export type UseCases = Awaited<ReturnType<typeof composeUseCases>>;

/** Wires every use case once. The only place where the domain meets its drivers. */
export async function composeUseCases(infrastructure: Infrastructure, surroundings: Surroundings) {
  const { db, keyRing, clock, ids, log, queue } = infrastructure;
  const append: AppendDeps = { keyRing, clock, ids, logOrigin: await logOrigin(infrastructure) };
  const keyOf = (accountId: RowId) => accountKey(db, keyRing, accountId);
  const rulesAt = makeRulesAt({ adWindow: false });
  const common = { db, keyRing, clock, ids, log, queue, accountKey: keyOf, rulesAt };
  const graph = openGraph(infrastructure, surroundings);
  const delivery = composeDelivery(infrastructure, { ...surroundings, append, accountKey: keyOf, rulesAt });
  const consent = { ...append, ...delivery.replyPort, db };
  const ledger = await composeLedger(infrastructure, surroundings, append);
  const pageDeps = { ...common, graph, ...pagePort(append) };
  const port = { pageDeps, accountKey: keyOf, publicUrl: surroundings.publicUrl };
  const { exports, backups, erasure, accounts, recipients, restores } = composeKeeping(infrastructure, append, port);
  const metaRequests = composeMetaRequests(infrastructure, surroundings, { graph, ...delivery.inboxPort });
  const inboxDeps = { ...common, ...consent, ...delivery.inboxPort, ...erasure.inboxPort };
  return {
    authenticate: makeAuthenticate(common),
    apiKeys: { create: makeCreateApiKey(common), list: makeListApiKeys(common), revoke: makeRevokeApiKey(common) },
    pages: pagesApi(pageDeps, makeWithdrawPeople(consent)),
    leads: leadsApi(common, consent, erasure.orGone),
    erasures: erasure.erasures,
    erasurePage: { ...erasure.erasurePage, showDeletion: metaRequests.showDeletion, showAccount: accounts.showAccount },
    ...accounts.routes,
    retention: { preview: erasure.previewRetention },
    backups: backups.routes,
    recipients: recipients.routes,
    metaRequests: metaRequests.routes,
    broadcasts: broadcastsApi({
      ...common,
      lookups: makeAudienceLookups(common),
      queueReply: delivery.replyPort.queueTestReply,
    }),
    access: { forAccount: erasure.orGone(makeAccessForAccount(common)) },
    person: { ...personApi(common, consent), showAccess: makeAccessForPerson(common) },
    storeWebhook: makeStoreWebhook(common),
    work: {
      drainInbox: makeDrainInbox(inboxDeps),
      makeBackup: backups.makeBackup,
      freezeAudience: makeFreezeAudience({ ...common, lookups: makeAudienceLookups(common) }),
      sendChunk: delivery.sendChunk,
      sendReplies: delivery.sendReplies,
    },
    sequence: ledger.sequence,
    readLog: ledger.readLog,
    readAnchors: ledger.readAnchors,
    proofs: { ...exports.proofs, ofLead: erasure.orGone(exports.proofs.ofLead) },
    sweeps: [
      { name: 'requeue-inbox', run: makeRequeueInbox(common) },
      ...[delivery, backups, restores].flatMap((part) => part.sweeps),
      ...broadcastSweeps(common),
    ],
    /** Apart from the others, who would wait for the keys of thousands of buckets to be written. */
    erasing: erasure.sweeps,
    /** Apart from the others, who would wait for somebody outside who does not answer. */
    anchoring: [...ledger.anchoring, ...metaRequests.asking],
    accounts: accounts.sweeps,
    calling: recipients.sweeps,
    housekeeping: [
      { name: 'expire-inbox', run: makeExpireInbox(common) },
      ...[ledger, exports, erasure, metaRequests, accounts, backups, recipients, restores].flatMap(
        (part) => part.housekeeping,
      ),
      { name: 'forget-idempotency-keys', run: () => forgetIdempotencyKeys(db) },
    ],
    close: async () => {
      await delivery.close();
      graph.close();
    },
  };
}

const openGraph = ({ config }: Infrastructure, { messenger }: Surroundings) =>
  createGraphClient({
    baseUrl: messenger.graphUrl,
    version: config.meta.graphVersion,
    appSecret: messenger.appSecrets[0] ?? null,
  });

const personApi = (
  deps: Parameters<typeof makeShowReceipt>[0],
  consent: Parameters<typeof makeUnsubscribeByWeb>[0],
) => ({
  show: makeShowWebPage(deps),
  showReceipt: makeShowReceipt(deps),
  unsubscribe: makeUnsubscribeByWeb(consent),
});

const leadsApi = (
  deps: Parameters<typeof makeTagLeads>[0] & Parameters<typeof makeLookupLead>[0],
  consent: Parameters<typeof makeUnsubscribeLead>[0],
  orGone: ReturnType<typeof composeKeeping>['erasure']['orGone'],
) => ({
  list: makeListLeads(deps),
  get: orGone(makeGetLead(deps)),
  lookup: makeLookupLead(deps),
  setTags: orGone(makeSetTags(deps)),
  tagLeads: makeTagLeads(deps),
  unsubscribe: orGone(makeUnsubscribeLead(consent)),
  history: orGone(makeConsentHistory(deps)),
});

/** What brings broadcasts forward whose time has come or whose job was lost. */
const broadcastSweeps = (deps: Parameters<typeof makeStartDue>[0]) => [
  { name: 'start-due', run: makeStartDue(deps) },
  { name: 'requeue-preparing', run: makeRequeuePreparing(deps) },
  { name: 'requeue-idle-pages', run: makeRequeueIdlePages(deps) },
  { name: 'finish-cancelled', run: makeFinishCancelled(deps) },
  { name: 'complete-finished', run: makeCompleteFinished(deps) },
];

/** What a Page writes into the ledger, and what it does to its broadcasts. */
const pagePort = (
  append: AppendDeps,
): Pick<PageDeps, 'appendSystemEntry' | 'reopenBroadcasts' | 'blockBroadcasts'> => ({
  appendSystemEntry: (tx, entry, accountId) => appendSystemEntry(tx, append, accountId, entry),
  reopenBroadcasts: (tx, pageId) => reopenBroadcastsOfPage(tx, pageId, append.clock.now()),
  blockBroadcasts: (tx, pageId, reason) => blockBroadcastsOfPage(tx, pageId, reason, append.clock.now()),
});

function pagesApi(deps: PageDeps, withdrawPeople: ReturnType<typeof makeWithdrawPeople>) {
  return {
    connect: makeConnectPage(deps),
    update: makeUpdatePage(deps),
    disconnect: makeDisconnectPage(deps),
    get: makeGetPage(deps),
    list: makeListPages(deps),
    importSuppressions: makeImportSuppressions({ ...deps, withdrawPeople }),
  };
}

type BroadcastDeps = Parameters<typeof makeCreateBroadcast>[0] &
  Parameters<typeof makePreflight>[0] &
  Parameters<typeof makeTestBroadcast>[0];

function broadcastsApi(deps: BroadcastDeps) {
  return {
    create: makeCreateBroadcast(deps),
    update: makeUpdateBroadcast(deps),
    remove: makeDeleteBroadcast(deps),
    get: makeGetBroadcast(deps),
    list: makeListBroadcasts(deps),
    preflight: makePreflight(deps),
    estimate: makeEstimateAudience(deps),
    test: makeTestBroadcast(deps),
    launch: makeLaunchBroadcast(deps),
    pause: makePauseBroadcast(deps),
    resume: makeResumeBroadcast(deps),
    cancel: makeCancelBroadcast(deps),
    deliveries: makeListDeliveries(deps),
    exportDeliveries: makeExportDeliveries(deps),
  };
}
