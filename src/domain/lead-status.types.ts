/** What a lead allows, as others see it. Unreachable and restricted are moments beside it, not statuses. */
export type ShownLeadStatus = 'subscribed' | 'unsubscribed' | 'reply_only' | 'suppressed';

/** `erasing`: nobody sees the lead any more, and its rows go within seconds. */
export type LeadStatus = ShownLeadStatus | 'erasing';

export type OptInMode = 'conversation_start' | 'explicit';

/** What last became of a lead's opt-in to marketing messages, by Meta's own events. */
export type TokenState = 'granted' | 'renewed' | 'stopped' | 'resumed' | 'expired';
