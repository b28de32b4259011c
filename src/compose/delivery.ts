import { blockBroadcastsOfPage, type AccountKey, type RulesAt } from '../domain/broadcasts';
import type { AppendDeps } from '../domain/consent';
import {
  makeApplyDelivered,
  makeApplyRead,
  makeLogSends,
  makeReconcileEcho,
  makeRequeueReplies,
  makeSendChunk,
  makeSendReplies,
  makeSettleStuck,
  makeWithdrawBounced,
  queueReply,
  queueTestReply,
  skipPendingOfLead,
  type Sender,
} from '../domain/delivery';
import type { DrainInboxDeps } from '../domain/inbox';
import { makeErasureLink } from '../domain/erasure';
import { stopPage } from '../domain/pages';
import { makeWithdrawLead } from '../domain/unsubscribe';
import { createUndiciSender } from '../platform/messenger/undici-sender';
import type { Infrastructure } from './infrastructure';
import type { Surroundings } from './surroundings.types';

interface DeliverySurroundings extends Surroundings {
  readonly append: AppendDeps;
  readonly accountKey: AccountKey;
  readonly rulesAt: RulesAt;
}

/** Wires sending, and what arriving webhooks say about what was sent. */
export function composeDelivery(infrastructure: Infrastructure, surroundings: DeliverySurroundings) {
  const { db, keyRing, clock, ids, log, queue, config, metrics } = infrastructure;
  const { messenger, append, accountKey, rulesAt, publicUrl } = surroundings;
  const sender = createUndiciSender({
    baseUrl: messenger.graphUrl,
    version: config.meta.graphVersion,
    appSecret: messenger.appSecrets[0] ?? null,
  });
  const countedSender: Sender = {
    send: async (call) => {
      const outcome = await sender.send(call);
      metrics.sends(outcome.kind);
      return outcome;
    },
  };
  const replyPort = { queueReply, queueTestReply, skipPendingOfLead };
  const withdrawLead = makeWithdrawLead({ ...append, ...replyPort, db });
  const effects = { db, clock, log, withdrawLead, sender: countedSender };
  const claims = { keyRing, accountKey, rulesAt, logSends: makeLogSends(append) };
  const sweepDeps = { db, clock, ids, queue, log };
  const inboxPort: Pick<DrainInboxDeps, 'reconcileEcho' | 'applyDelivered' | 'applyRead' | 'stopPage'> = {
    reconcileEcho: makeReconcileEcho(append),
    applyDelivered: makeApplyDelivered({ keyRing }),
    applyRead: makeApplyRead({ keyRing }),
    stopPage: async (tx, pageId, fault) => {
      if (await stopPage(tx, pageId, fault)) await blockBroadcastsOfPage(tx, pageId, fault.reason, clock.now());
    },
  };
  return {
    replyPort,
    inboxPort,
    sendChunk: makeSendChunk({ ...effects, ...claims, ids }),
    sendReplies: makeSendReplies({
      ...effects,
      ...append,
      ...claims,
      publicUrl,
      erasureLink: makeErasureLink({ db, publicUrl }),
    }),
    sweeps: [
      { name: 'settle-stuck', run: makeSettleStuck(sweepDeps) },
      { name: 'requeue-replies', run: makeRequeueReplies(sweepDeps) },
      { name: 'withdraw-bounced', run: makeWithdrawBounced({ db, log, withdrawLead }) },
    ],
    close: () => sender.close(),
  };
}
