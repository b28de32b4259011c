/** One number of the Messenger Platform, with the page it was read from and the day that page was last seen. */
export interface MetaLimit {
  readonly max: number;
  readonly source: string;
  readonly checkedOn: string;
}

const DOCS = 'https://developers.facebook.com/documentation/business-messaging/messenger-platform';

const limit = (max: number, page: string, checkedOn = '2026-10-06'): MetaLimit => ({
  max,
  source: `${DOCS}/${page}`,
  checkedOn,
});

/**
 * What Messenger accepts. "max" is inclusive everywhere: where Meta writes "fewer than 2000", 1999 stands here.
 *
 * Lengths are counted in UTF-16 units. Meta does not say whether it counts those or code points; a text is never
 * longer in code points than in UTF-16 units, so the stricter count satisfies both.
 */
export const META_LIMITS = {
  textChars: limit(1_999, 'reference/send-api'),
  metadataChars: limit(999, 'reference/send-api'),
  quickReplies: limit(13, 'send-messages/quick-replies'),
  quickReplyTitleChars: limit(20, 'send-messages/quick-replies'),
  quickReplyPayloadChars: limit(1_000, 'send-messages/quick-replies'),
  buttonTemplateTextChars: limit(640, 'send-messages/template/button'),
  templateButtons: limit(3, 'send-messages/template/button'),
  buttonTitleChars: limit(20, 'reference/buttons'),
  postbackPayloadChars: limit(1_000, 'reference/buttons'),
  genericElements: limit(10, 'send-messages/template/generic'),
  elementTitleChars: limit(80, 'send-messages/template/generic'),
  elementSubtitleChars: limit(80, 'send-messages/template/generic'),
  persistentMenuItems: limit(20, 'reference/messenger-profile-api/persistent-menu'),
  persistentMenuTitleChars: limit(30, 'reference/messenger-profile-api/persistent-menu'),
  greetingChars: limit(160, 'reference/messenger-profile-api/greeting'),
  pageSendsPerSecond: limit(300, 'overview'),
  pageMediaSendsPerSecond: limit(10, 'overview'),
  pageHighVolumePerSecond: limit(40, 'overview'),
  pageCallsPerEngagedPersonPerDay: limit(200, 'overview'),
  conversationsCallsPerSecond: limit(2, 'overview'),
  profileCallsPerTenMinutes: limit(10, 'reference/messenger-profile-api'),
  webhookAnswerMs: limit(5_000, 'webhooks'),
} as const satisfies Record<string, MetaLimit>;
