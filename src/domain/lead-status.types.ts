/** What a lead allows. Unreachable and restricted are moments beside it, not statuses. */
export type LeadStatus = 'subscribed' | 'unsubscribed' | 'reply_only' | 'suppressed';

export type OptInMode = 'conversation_start' | 'explicit';

/** What last became of a lead's opt-in to marketing messages, by Meta's own events. */
export type TokenState = 'granted' | 'renewed' | 'stopped' | 'resumed' | 'expired';
