export { carryOut, type CarryOutInput } from './carry-out';
export { readErasureAnswer } from './erasure-answers';
export {
  makeShowWebPage,
  makeUnsubscribeByWeb,
  makeUnsubscribeLead,
  makeWithdrawLead,
  makeWithdrawPeople,
  type UnsubscribeDeps,
  type UnsubscribeLeadInput,
  type WebPageState,
} from './unsubscribe-lead';
export type { CarryOutDeps, QueuedReply, ReplyPort, UnsubscribePage } from './unsubscribe.types';
export { withdraw, type Withdrawn, type WithdrawInput } from './withdraw';
export { classifyWord } from './words.rules';
export type { ErasureAnswer, WordKind } from './words.types';
