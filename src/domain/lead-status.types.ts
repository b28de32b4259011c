/** What a lead allows. Unreachable and restricted are moments beside it, not statuses. */
export type LeadStatus = 'subscribed' | 'unsubscribed' | 'reply_only' | 'suppressed';

export type OptInMode = 'conversation_start' | 'explicit';
