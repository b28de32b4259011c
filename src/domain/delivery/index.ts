export { readMetadata, type SendReference } from './body.rules';
export type { SendResult } from './delivery.types';
export { makeReconcileEcho, type SeenEcho } from './echo';
export { ERASURE_ANSWER_TITLES } from './erasure-answers.rules';
export type { EffectDeps, StoppedPage } from './effects';
export { queueErasureLink, queueReply, queueTestReply, skipPendingOfLead, skipRepliesOfLead } from './lead-deliveries';
export { makeLogSends, type LogSends } from './log-sends';
export { MAX_REFUSED_IN_A_ROW, UNREACHABLE_AFTER } from './outcome.rules';
export { slotIntervalMs } from './pace.rules';
export { reserveSlots, throttlePage } from './pace.store';
export { makeApplyDelivered, makeApplyRead, type SeenReceipt } from './receipts';
export type { ReplyKind } from './replies.rules';
export type { NewReply } from './reply.store';
export { makeSendChunk, type SendChunkDeps, type SendChunkInput } from './send-chunk';
export { makeSendReplies, type SendRepliesDeps, type SendRepliesInput } from './send-replies';
export type { SendCall, Sender } from './sender-port.types';
export {
  makeRequeueReplies,
  makeReturnUncertain,
  makeSettleStuck,
  makeWithdrawBounced,
  type DeliverySweepDeps,
  type WithdrawBouncedDeps,
} from './sweep';
