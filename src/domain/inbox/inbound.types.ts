/** The lists of an entry that hold events. `standby` has the shapes of `messaging`, seen by an app not in control. */
export type Channel = 'messaging' | 'standby' | 'changes';

/** Where one event lies in the bytes of a body: `[start, end)`, and which element of which list it is. */
export interface EventSpan {
  readonly entryIndex: number;
  readonly channel: Channel;
  readonly element: number;
  readonly start: number;
  readonly end: number;
}

export type SpanFault = 'not_json' | 'duplicate_key' | 'too_deep' | 'trailing_bytes';

export type SpanResult =
  { readonly ok: true; readonly spans: readonly EventSpan[] } | { readonly ok: false; readonly reason: SpanFault };

/** `p`: bytes around the events, nothing personal. `e`: the bytes of one event. */
export interface Segment {
  readonly kind: 'p' | 'e';
  readonly bytes: Buffer;
}

export type AttachmentType =
  | 'image'
  | 'audio'
  | 'video'
  | 'file'
  | 'sticker'
  | 'fallback'
  | 'reel'
  | 'ig_reel'
  | 'post'
  | 'ig_post'
  | 'appointment_booking'
  | 'template'
  | 'location'
  | 'other';

/** How a person came: `ref` is the m.me parameter and comes from outside, so it is untrusted text. */
export interface Referral {
  readonly ref: string | null;
  readonly source: ReferralSource;
  readonly type: string | null;
  readonly adId: string | null;
}

export type ReferralSource =
  'shortlink' | 'ads' | 'customer_chat_plugin' | 'discover_tab' | 'messenger_code' | 'other' | 'none';

/**
 * Why an event has no meaning here. A closed list: it is counted by this label, and a label must never come from the
 * sender's bytes. The second half names kinds that are known and deliberately not used.
 */
export type IgnoredReason =
  | 'test_page'
  | 'no_page'
  | 'not_an_object'
  | 'no_sender'
  | 'from_page'
  | 'malformed'
  | 'user_ref_only'
  | 'unknown_messaging'
  | 'unknown_change'
  | 'legacy_optin'
  | 'response_feedback'
  | 'messaging_feedback'
  | 'game_play'
  | 'lead_form'
  | 'message_request'
  | 'appointment'
  | 'customer_information'
  | 'feed'
  | 'mention'
  | 'leadgen'
  | 'send_cart'
  | 'inbox_labels'
  | 'messaging_integrity'
  | 'template_status'
  | 'subscriber_upload';

export type InboundEvent =
  | {
      readonly kind: 'message';
      readonly mid: string;
      readonly text: string | null;
      readonly quickReplyPayload: string | null;
      readonly attachments: readonly AttachmentType[];
      readonly referral: Referral | null;
      readonly replyToMid: string | null;
      readonly hasSticker: boolean;
      readonly isUnsupported: boolean;
    }
  | {
      readonly kind: 'message_edit';
      readonly mid: string;
      readonly text: string | null;
      readonly editNumber: number | null;
    }
  | { readonly kind: 'message_deleted'; readonly mid: string }
  | {
      readonly kind: 'reaction';
      readonly mid: string | null;
      readonly action: 'react' | 'unreact';
    }
  | {
      readonly kind: 'echo';
      readonly mid: string;
      readonly metadata: string | null;
      readonly appId: string | null;
      readonly toPsid: string;
    }
  | {
      readonly kind: 'postback';
      readonly mid: string | null;
      readonly payload: string | null;
      readonly title: string | null;
      readonly referral: Referral | null;
    }
  | { readonly kind: 'referral'; readonly referral: Referral }
  | { readonly kind: 'optin_plugin'; readonly ref: string | null; readonly userRef: string | null }
  | {
      readonly kind: 'marketing_optin';
      readonly status: 'granted' | 'renewed' | 'stopped' | 'resumed';
      readonly token: string | null;
      readonly tokenStatus: 'refreshed' | 'not_refreshed' | null;
      readonly expiresAtMs: number | null;
      readonly title: string | null;
      readonly payload: string | null;
    }
  | { readonly kind: 'optout' }
  | { readonly kind: 'delivery'; readonly watermarkMs: number | null; readonly mids: readonly string[] }
  | { readonly kind: 'read'; readonly watermarkMs: number }
  | {
      readonly kind: 'policy_enforcement';
      readonly action: 'warning' | 'block' | 'unblock';
      readonly reason: string | null;
    }
  | {
      readonly kind: 'business_integrity';
      readonly status: 'ok' | 'warning' | 'restricted' | 'suspended';
      readonly messagingRestrictedUntilMs: number | null;
    }
  | {
      readonly kind: 'handover';
      readonly change: 'pass' | 'take' | 'request' | 'app_roles';
      readonly previousOwnerAppId: string | null;
      readonly newOwnerAppId: string | null;
      readonly requestedOwnerAppId: string | null;
    }
  | { readonly kind: 'account_linking'; readonly status: 'linked' | 'unlinked' }
  | {
      readonly kind: 'marketing_receipt';
      readonly receipt: 'sent' | 'delivered' | 'read' | 'clicked' | 'failed';
      readonly mid: string | null;
      readonly trackingId: string | null;
      readonly campaignId: string | null;
      readonly token: string | null;
      readonly errorText: string | null;
    }
  | { readonly kind: 'ignored'; readonly reason: IgnoredReason };

export type InboundKind = InboundEvent['kind'];

/** Where an event was found, of whom it is, and when it happened. */
export interface EventPlace {
  /** Index of the event's bytes among the segments of its body. */
  readonly segmentIndex: number;
  readonly channel: Channel;
  /** Empty only for an ignored event whose entry names no Page. */
  readonly pageId: string;
  /** The person: the sender, or for an echo the recipient. Null where the event names none. */
  readonly psid: string | null;
  /** The event's own time; null where it has none (delivery receipts). Never the time of arrival. */
  readonly atMs: number | null;
  /** The time of the entry that carried the event: that of the batch, not of the act. */
  readonly entryAtMs: number | null;
}

export type ParsedEvent = EventPlace & InboundEvent;

/** The event of one kind, with its place. */
export type ParsedEventOf<Kind extends InboundKind> = EventPlace & Extract<InboundEvent, { readonly kind: Kind }>;

export type WebhookFault = SpanFault | 'not_an_object';

export type WebhookResult =
  | { readonly ok: true; readonly events: readonly ParsedEvent[] }
  | { readonly ok: false; readonly reason: WebhookFault };
