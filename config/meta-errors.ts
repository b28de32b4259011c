/** What an error of the Graph API means for the one message that met it. */
export type ErrorClass =
  | 'transient'
  | 'throttle'
  | 'throttle-recipient'
  | 'outside-window'
  | 'recipient-unavailable'
  | 'recipient-unknown'
  | 'recipient-opted-out'
  | 'recipient-opt-in-expired'
  | 'page-token'
  | 'page-permission'
  | 'page-policy'
  | 'page-billing'
  | 'thread-not-owned'
  | 'request-invalid'
  | 'ambiguous'
  | 'ignore';

/** One row of the table: `subcode` null is the row for the code without, or with an unlisted, subcode. */
export interface MetaErrorRule {
  readonly code: number;
  readonly subcode: number | null;
  readonly errorClass: ErrorClass;
  readonly meaning: string;
}

/** The part of Meta's error object that can be relied on to decide. */
export interface GraphError {
  readonly code: number;
  readonly error_subcode?: number | undefined;
  readonly message?: string | undefined;
  readonly is_transient?: boolean | undefined;
}

export interface ClassifiedError {
  readonly errorClass: ErrorClass;
  readonly code: number;
  readonly subcode: number | null;
  readonly meaning: string;
  /** False when no row names the code: the class is then a careful guess. */
  readonly known: boolean;
}

const rule = (code: number, subcode: number | null, errorClass: ErrorClass, meaning: string): MetaErrorRule => ({
  code,
  subcode,
  errorClass,
  meaning,
});

/** A run of neighbouring subcodes of one code, or of neighbouring codes when `code` is null. */
const span = (code: number | null, from: number, to: number, errorClass: ErrorClass, meaning: string) =>
  Array.from({ length: to - from + 1 }, (_, step) =>
    code === null ? rule(from + step, null, errorClass, meaning) : rule(code, from + step, errorClass, meaning),
  );

/** Source: https://developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes (2026-06-25) and
 * https://developers.facebook.com/docs/graph-api/guides/error-handling, checked 2026-10-06. Meanings are in our words. */
const PLATFORM_ERRORS: readonly MetaErrorRule[] = [
  rule(1, null, 'transient', 'An unknown error occurred'),
  rule(1, 99, 'page-permission', 'A permission, Advanced Access or Business Verification is missing'),
  rule(1, 1357046, 'ambiguous', 'A batch was sent, but its answer could not be read'),
  rule(2, null, 'transient', 'Messenger is unavailable for a moment'),
  rule(2, 2018344, 'page-permission', 'An admin of the Page has yet to accept the privacy terms'),
  rule(4, null, 'throttle', 'The app has made too many calls'),
  rule(4, 2018022, 'throttle', 'Too many sends to phone numbers'),
  rule(4, 2018354, 'throttle-recipient', 'The minimum delay between marketing messages has not passed'),
  rule(9, 2018352, 'request-invalid', 'Listed by Meta without a public text'),
  rule(10, null, 'page-permission', 'The app may not do this for the Page'),
  rule(10, 2018065, 'outside-window', 'Outside the allowed window, old wording'),
  rule(10, 2018278, 'outside-window', 'Outside the allowed window'),
  rule(10, 2534022, 'outside-window', 'Outside the allowed window, Instagram'),
  rule(10, 2018108, 'recipient-unavailable', 'The person receives no messages from the Page at present'),
  rule(10, 1893015, 'recipient-opted-out', 'The person stopped messages from the business'),
  rule(10, 1404170, 'page-permission', 'Listed by Meta without a public text'),
  rule(10, 2018336, 'page-permission', 'Listed by Meta without a public text'),
  rule(10, 1893063, 'page-policy', 'The Page is restricted from sending for a time'),
  rule(17, null, 'throttle', 'The user has made too many calls'),
  rule(32, null, 'throttle', 'The Page has made too many calls'),
  rule(100, null, 'request-invalid', 'A parameter is invalid'),
  rule(100, 33, 'request-invalid', 'The object does not exist, or permission for it is missing'),
  rule(100, 2018001, 'recipient-unknown', 'No person matches the id'),
  rule(100, 2018008, 'transient', 'The file could not be fetched from its URL'),
  rule(100, 2018047, 'transient', 'The attachment did not match its type while being uploaded'),
  rule(100, 2018034, 'request-invalid', 'The message is empty'),
  rule(100, 2018048, 'ignore', 'A sender action failed'),
  rule(100, 2018074, 'request-invalid', 'The attachment id cannot be used; upload it again'),
  rule(100, 2018109, 'request-invalid', 'The attachment is too large'),
  rule(100, 2018145, 'request-invalid', 'The persona was refused'),
  rule(100, 2018014, 'request-invalid', 'Listed by Meta without a public text'),
  rule(100, 2018164, 'request-invalid', 'Listed by Meta without a public text'),
  rule(100, 2018294, 'request-invalid', 'Listed by Meta without a public text'),
  rule(100, 2018320, 'request-invalid', 'Listed by Meta without a public text'),
  rule(100, 2018328, 'request-invalid', 'Listed by Meta without a public text'),
  ...span(100, 2534013, 2534037, 'request-invalid', 'Instagram: the request is invalid'),
  rule(190, null, 'page-token', 'The access token is invalid'),
  rule(190, 458, 'page-token', 'The person removed the app'),
  rule(190, 459, 'page-token', 'The person must pass a checkpoint'),
  rule(190, 460, 'page-token', 'The person changed the password'),
  rule(190, 463, 'page-token', 'The access token expired'),
  rule(190, 464, 'page-token', 'The account is unconfirmed'),
  rule(190, 467, 'page-token', 'The access token is invalid'),
  rule(190, 492, 'page-token', 'The person lost the role on the Page'),
  rule(200, null, 'page-permission', 'A permission is missing'),
  rule(200, 1545041, 'recipient-unavailable', 'The person receives no messages from the Page at present'),
  rule(200, 2018028, 'page-permission', 'Without review the app may only write to people with a role on it'),
  rule(200, 2018027, 'page-permission', 'Phone number features are not allowed'),
  rule(200, 2018021, 'page-permission', 'Phone number features are not allowed'),
  rule(230, null, 'page-permission', 'pages_messaging is missing'),
  rule(341, null, 'throttle', 'The app has reached a limit'),
  rule(368, null, 'page-policy', 'Blocked for a time for breaking a policy'),
  rule(368, 1346003, 'page-policy', 'The content was reported as abusive'),
  rule(551, null, 'recipient-unavailable', 'The person is not available'),
  rule(551, 1545041, 'recipient-unavailable', 'The person is not available'),
  rule(613, null, 'throttle', 'A rate limit was exceeded'),
  rule(613, 1893016, 'throttle', 'A rate limit was exceeded'),
  rule(613, 2018338, 'throttle-recipient', 'The tag was used too often for this person'),
  rule(613, 2534040, 'throttle', 'A rate limit was exceeded, Instagram'),
  rule(1200, null, 'transient', 'Sending failed for a moment'),
  rule(2022, null, 'page-permission', 'Commerce is disabled'),
  rule(10303, null, 'request-invalid', 'The account linking token is invalid'),
  rule(10900, null, 'request-invalid', 'The activity was already replied to'),
  rule(10903, null, 'request-invalid', 'The activity cannot be replied to'),
  rule(36000, null, 'request-invalid', 'The image is too large'),
  rule(80001, null, 'throttle', 'Too many calls to this Page'),
  rule(80006, null, 'throttle', 'The Messenger limit of the business was reached'),
  rule(2018218, null, 'ignore', 'No profile is available'),
  rule(2018247, null, 'ignore', 'No profile is available'),
  rule(2018300, null, 'thread-not-owned', 'Another app controls the thread'),
  rule(2018321, null, 'thread-not-owned', 'Another app controls the thread'),
  rule(9000001, null, 'recipient-unknown', 'The recipient was deleted'),
  rule(1893047, null, 'recipient-unavailable', 'The person cannot receive the message'),
];

/** Source: https://developers.facebook.com/documentation/business-messaging/messenger-platform/marketing-messages-on-messenger/api-reference
 * (2026-04-24) and its changelog (2026-05-06), checked 2026-10-06. */
const MARKETING_ERRORS: readonly MetaErrorRule[] = [
  rule(2300003, null, 'transient', 'The campaign is not ready; try again within the hour'),
  rule(2300012, null, 'transient', 'The campaign is not ready; try again within the hour'),
  rule(2300041, null, 'transient', 'The campaign is not ready; try again within the hour'),
  rule(2300004, null, 'recipient-unknown', 'The token is bad or belongs to another Page'),
  rule(2300005, null, 'recipient-unknown', 'The token is bad or belongs to another Page'),
  rule(2300011, null, 'page-billing', 'The payment failed'),
  rule(2300015, null, 'page-billing', 'A budget or spend limit was reached'),
  rule(2300017, null, 'page-billing', 'A budget or spend limit was reached'),
  rule(2300053, null, 'page-billing', 'A budget or spend limit was reached'),
  rule(2300054, null, 'page-billing', 'A budget or spend limit was reached'),
  rule(2300056, null, 'page-billing', 'A budget or spend limit was reached'),
  rule(2300058, null, 'page-billing', 'A budget or spend limit was reached'),
  rule(2300028, null, 'transient', 'Pacing is unavailable; try again in an hour'),
  rule(2300032, null, 'recipient-unavailable', 'The region of the person is not served'),
  rule(2300034, null, 'recipient-opted-out', 'The person stopped marketing messages'),
  rule(2300035, null, 'throttle-recipient', 'The minimum delay has not passed'),
  rule(2300042, null, 'throttle-recipient', 'A frequency cap was reached'),
  rule(2300043, null, 'throttle-recipient', 'A frequency cap was reached'),
  rule(2300044, null, 'throttle-recipient', 'A frequency cap was reached'),
  rule(2300036, null, 'recipient-unavailable', 'The person cannot receive the message'),
  rule(2300052, null, 'recipient-unavailable', 'The person cannot receive the message'),
  rule(2300037, null, 'recipient-opt-in-expired', 'The opt-in token expired'),
  rule(2300055, null, 'transient', 'Try again in about half an hour'),
  rule(2300057, null, 'transient', 'Try again in about half an hour'),
  ...span(null, 2300060, 2300063, 'transient', 'Try again in about half an hour'),
  rule(2300078, null, 'throttle', 'The send rate was exceeded'),
  rule(2300079, null, 'throttle', 'The campaign rate was exceeded'),
  rule(2300080, null, 'throttle', 'The token query rate was exceeded'),
];

export const META_ERRORS: readonly MetaErrorRule[] = [...PLATFORM_ERRORS, ...MARKETING_ERRORS];

/** From here on Meta's numbers are unique by themselves: the same subcode comes under different codes (1545041). */
const FIRST_GLOBAL_SUBCODE = 1_000_000;

const EXACT = new Map(META_ERRORS.map((row) => [`${row.code}/${row.subcode ?? ''}`, row]));
const GLOBAL = new Map(
  META_ERRORS.map((row) => [row.subcode ?? row.code, row] as const).filter(
    ([number]) => number >= FIRST_GLOBAL_SUBCODE,
  ),
);

/** Families that Meta documents as a range of codes, for members the table does not name. */
const FAMILIES: readonly { readonly from: number; readonly to: number; readonly row: MetaErrorRule }[] = [
  { from: 201, to: 299, row: rule(200, null, 'page-permission', 'A permission is missing') },
  { from: 80_000, to: 80_014, row: rule(80_006, null, 'throttle', 'A limit of the business was reached') },
];

const TEXTS: readonly { readonly code: number; readonly words: string; readonly row: MetaErrorRule }[] = [
  { code: 10, words: 'outside of allowed window', row: rule(10, null, 'outside-window', 'Outside the allowed window') },
  { code: 100, words: 'no matching user', row: rule(100, null, 'recipient-unknown', 'No person matches the id') },
  { code: 100, words: 'invalid fbid', row: rule(100, null, 'recipient-unknown', 'The id is not known') },
  { code: 100, words: 'invalid tag', row: rule(100, null, 'request-invalid', 'The tag is not, or no longer, allowed') },
  {
    code: 190,
    words: 'must be granted before impersonating',
    row: rule(190, null, 'page-permission', 'A permission for the Page is missing'),
  },
];

/**
 * Gives an error its class: by subcode first, because the same subcode comes under several codes; then by code, where
 * for a few codes the words of the message decide; an unlisted code is `request-invalid` unless Meta calls it transient.
 */
export function classifyGraphError(error: GraphError): ClassifiedError {
  const subcode = error.error_subcode ?? null;
  const row = bySubcode(error.code, subcode) ?? byText(error) ?? byCode(error);
  const fallback: ErrorClass = error.is_transient === true ? 'transient' : 'request-invalid';
  return {
    errorClass: row?.errorClass ?? fallback,
    code: error.code,
    subcode,
    meaning: row?.meaning ?? 'Not in the table of known errors',
    known: row !== undefined,
  };
}

function bySubcode(code: number, subcode: number | null): MetaErrorRule | undefined {
  if (subcode === null) return undefined;
  return EXACT.get(`${code}/${subcode}`) ?? GLOBAL.get(subcode);
}

function byText(error: GraphError): MetaErrorRule | undefined {
  const message = (error.message ?? '').toLowerCase();
  return TEXTS.find((text) => text.code === error.code && message.includes(text.words))?.row;
}

function byCode(error: GraphError): MetaErrorRule | undefined {
  if (error.code === 1 && error.is_transient === false) {
    return rule(1, null, 'request-invalid', 'An unknown error that Meta says will not pass');
  }
  return (
    EXACT.get(`${error.code}/`) ??
    GLOBAL.get(error.code) ??
    FAMILIES.find((family) => error.code >= family.from && error.code <= family.to)?.row
  );
}
