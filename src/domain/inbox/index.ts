export type { EventOutcome } from './applied-event';
export type { ReceivedWebhook } from './body';
export { makeDrainInbox, type DrainedInbox, type DrainInboxInput, type EventCount } from './drain-inbox';
export { makeExpireInbox, type ExpiredInbox, type ExpireInboxDeps } from './expire-inbox';
export { openUnread } from './forget-unread';
export type { InboundKind } from './inbound.types';
export type { DrainInboxDeps, SeenEcho, SeenReceipt, UnheardStop, WasErasedSince } from './inbox.deps.types';
export { makeRequeueInbox, type RequeueInboxDeps } from './requeue-inbox';
export { makeStoreWebhook, type StoreWebhookDeps } from './store-webhook';
