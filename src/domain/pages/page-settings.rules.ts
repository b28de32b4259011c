import type { FieldError } from '../../kernel/errors';
import type { OptInMode, PageSettings, PageSettingsChange } from './pages.types';

/** Legal grounds an account may name. They stand in every opt-in of the Page, so they come from a list. */
export const BASES = [
  'gdpr.6.1.a',
  'gdpr.6.1.f',
  'uk-gdpr.6.1.a',
  'fadp.6.6',
  'lgpd.7.i',
  'casl.express',
  'casl.implied',
  'consent',
] as const;

export const DEFAULT_RATE_PER_SECOND = 35;
const MAX_RATE_PER_SECOND = 300;
/** Above it Meta freezes the inbox and then the sends. Source: Messenger Platform, rate limiting, checked 2026-11-23. */
const SAFE_RATE_PER_SECOND = 40;
const NAME_MAX_CHARACTERS = 100;
const REASON_MIN_CHARACTERS = 10;
const REASON_MAX_CHARACTERS = 1_000;
const CLOCK_TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/;

export interface ResolvedSettings {
  readonly settings: PageSettings;
  readonly errors: readonly FieldError[];
  /** Set when a conversation start is to count although the EEA, UK or Switzerland is addressed: goes to the audit log. */
  readonly reasonToRecord: string | null;
}

const UNSET = {
  name: '',
  addressesEea: false,
  ratePerSecond: DEFAULT_RATE_PER_SECOND,
  timeZone: 'UTC',
  quietHours: null,
} as const;

/** @param current null for a Page that is being connected for the first time */
export function resolveSettings(current: PageSettings | null, change: PageSettingsChange): ResolvedSettings {
  const settings = mergeSettings(current, change);
  const reasonNeeded = needsReason(current, settings);
  const reason = change.optInModeReason?.trim() ?? '';
  return {
    settings,
    errors: [...checkSettings(settings), ...checkRisk(change), ...(reasonNeeded ? checkReason(reason) : [])],
    reasonToRecord: reasonNeeded ? reason : null,
  };
}

function mergeSettings(current: PageSettings | null, change: PageSettingsChange): PageSettings {
  const before = current ?? UNSET;
  const addressesEea = change.addressesEea ?? before.addressesEea;
  const optInMode = chosenMode(current, change, addressesEea);
  return {
    name: (change.name ?? before.name).trim(),
    optInMode,
    basis: change.basis ?? current?.basis ?? defaultBasis(optInMode, addressesEea),
    addressesEea,
    ratePerSecond: change.ratePerSecond ?? before.ratePerSecond,
    timeZone: change.timeZone ?? before.timeZone,
    quietHours: change.quietHours === undefined ? before.quietHours : change.quietHours,
  };
}

/** Saying yes to the EEA preselects `explicit`; only a mode named in the same breath overrules that. */
function chosenMode(current: PageSettings | null, change: PageSettingsChange, addressesEea: boolean): OptInMode {
  if (change.optInMode !== undefined) return change.optInMode;
  const newlyEea = addressesEea && current?.addressesEea !== true;
  return newlyEea ? 'explicit' : (current?.optInMode ?? 'conversation_start');
}

const defaultBasis = (mode: OptInMode, addressesEea: boolean): string =>
  mode === 'explicit' || addressesEea ? 'gdpr.6.1.a' : 'consent';

const isRisky = (settings: PageSettings): boolean =>
  settings.addressesEea && settings.optInMode === 'conversation_start';

const needsReason = (current: PageSettings | null, next: PageSettings): boolean =>
  isRisky(next) && (current === null || !isRisky(current));

/** An acceptance counts only for the rate it came with: whoever raises the rate again says so again. */
function checkRisk(change: PageSettingsChange): FieldError[] {
  if (change.ratePerSecond === undefined || change.ratePerSecond <= SAFE_RATE_PER_SECOND) return [];
  if (change.acceptRiskAbove40 === true) return [];
  return [
    {
      pointer: '/rate_per_second',
      detail:
        'a Page that sends more than 40 messages/s loses its inbox and then its sends; ' +
        'above 40 only with "accept_risk_above_40": true',
    },
  ];
}

function checkReason(reason: string): FieldError[] {
  if (reason.length >= REASON_MIN_CHARACTERS && reason.length <= REASON_MAX_CHARACTERS) return [];
  return [
    {
      pointer: '/opt_in_mode_reason',
      detail:
        'conversation_start for people in the EEA, UK or Switzerland needs a written reason of ' +
        `${REASON_MIN_CHARACTERS} to ${REASON_MAX_CHARACTERS} characters`,
    },
  ];
}

function checkSettings(settings: PageSettings): FieldError[] {
  const { name, basis, ratePerSecond: rate, timeZone, quietHours } = settings;
  const checks: readonly (readonly [fine: boolean, pointer: string, detail: string])[] = [
    [isPlainName(name), '/name', `must have 1 to ${NAME_MAX_CHARACTERS} characters on one line`],
    [(BASES as readonly string[]).includes(basis), '/basis', `must be one of ${BASES.join(', ')}`],
    [
      Number.isInteger(rate) && rate >= 1 && rate <= MAX_RATE_PER_SECOND,
      '/rate_per_second',
      `must be a whole number from 1 to ${MAX_RATE_PER_SECOND}`,
    ],
    [isTimeZone(timeZone), '/time_zone', 'must be an IANA time zone such as Europe/Berlin'],
    [quietHours === null || CLOCK_TIME.test(quietHours.from), '/quiet_hours/from', 'must be a time like 22:00'],
    [quietHours === null || CLOCK_TIME.test(quietHours.to), '/quiet_hours/to', 'must be a time like 08:00'],
    [quietHours === null || quietHours.from !== quietHours.to, '/quiet_hours', 'must begin and end at different times'],
  ];
  return checks.flatMap(([fine, pointer, detail]) => (fine ? [] : [{ pointer, detail }]));
}

const isPlainName = (name: string): boolean =>
  name !== '' && name.length <= NAME_MAX_CHARACTERS && !/\p{Cs}|\p{Cc}|\p{Zl}|\p{Zp}/u.test(name);

/** Intl also takes offsets such as +02:00, which PostgreSQL reads with the opposite sign. */
function isTimeZone(name: string): boolean {
  if (!ZONE_NAME.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

export function checkMetaPageId(metaPageId: string): FieldError[] {
  return /^\d{1,32}$/.test(metaPageId) ? [] : [{ pointer: '/page_id', detail: 'must be the numeric id of the Page' }];
}

/** Only what could break out of a header is refused; whether the token is good is Meta's to say. */
export function checkToken(token: string): FieldError[] {
  return /^[\x21-\x7e]{1,4096}$/.test(token)
    ? []
    : [{ pointer: '/access_token', detail: 'must be a Page access token of 1 to 4096 printable characters' }];
}
