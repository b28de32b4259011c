import { META_LIMITS } from '../../../config/meta-limits';
import type { FieldError } from '../../kernel/errors';
import { checkMessage } from './message.rules';
import type { AudienceInput, BroadcastPatch, BroadcastPurpose, ScheduleInput } from './broadcast.types';
import { UUID } from '../../kernel/uuid';

export const BROADCAST_PURPOSES = ['promotional', 'informational', 'utility'] as const satisfies BroadcastPurpose[];
export const MAX_NAME_CHARACTERS = 200;
export const MAX_PAGES = 100;
export const MAX_AUDIENCE_LEADS = 1_000;
export const MAX_FILTER_VALUES = 100;
const MAX_VALUE_CHARACTERS = 2_000;
export const MAX_START_DELAY_SECONDS = 86_400;

/** Control characters and halves of surrogate pairs; PostgreSQL refuses some of them. */
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const NOT_TEXT = /[\u0000-\u001f\u007f\p{Surrogate}]/u;
const LOCALE = /^[a-z]{2,3}(_[A-Z]{2})?$/;
const LATER = 'is not available yet';

type Check = (input: BroadcastPatch, now: Date) => FieldError[];

const fault = (pointer: string, detail: string): FieldError => ({ pointer, detail });

/**
 * Every fault of the fields that are given.
 *
 * Fields of later releases are refused by name: a request must never be accepted and half ignored.
 */
export const checkDraft: Check = (input, now) => CHECKS.flatMap((check) => check(input, now));

const checkName: Check = ({ name }) => {
  if (name === undefined) return [];
  const length = name.trim().length;
  const isFit = length > 0 && length <= MAX_NAME_CHARACTERS && !NOT_TEXT.test(name);
  return isFit ? [] : [fault('/name', `must have 1 to ${MAX_NAME_CHARACTERS} characters`)];
};

const checkPurpose: Check = ({ purpose }) =>
  purpose === undefined || isPurpose(purpose)
    ? []
    : [fault('/purpose', `must be one of ${BROADCAST_PURPOSES.join(', ')}`)];

export const isPurpose = (text: string): text is BroadcastPurpose =>
  (BROADCAST_PURPOSES as readonly string[]).includes(text);

const checkPageIds: Check = ({ pageIds }) => {
  if (pageIds === undefined) return [];
  return pageIds.length >= 1 && pageIds.length <= MAX_PAGES
    ? []
    : [fault('/page_ids', `must name 1 to ${MAX_PAGES} Pages`)];
};

const checkSchedule: Check = ({ schedule }, now) => {
  if (schedule === undefined || schedule === null) return [];
  return scheduleFaults(schedule, now);
};

function scheduleFaults(schedule: ScheduleInput, now: Date): FieldError[] {
  const faults: FieldError[] = [];
  if (schedule.atLocal !== undefined) faults.push(fault('/schedule/at_local', `${LATER}; use at`));
  if (schedule.fallbackTimeZone !== undefined) faults.push(fault('/schedule/fallback_time_zone', LATER));
  if (faults.length > 0) return faults;
  if (schedule.at === undefined) return [fault('/schedule/at', 'is missing')];
  return schedule.at > now ? [] : [fault('/schedule/at', 'must lie in the future')];
}

const checkLaterFeatures: Check = ({ quietHours, outOfWindow, holdUntil }) => {
  const faults: FieldError[] = [];
  if (quietHours !== undefined && quietHours !== null) faults.push(fault('/quiet_hours', LATER));
  if (holdUntil !== undefined && holdUntil !== null) faults.push(fault('/hold_until', LATER));
  if (outOfWindow === 'hold') faults.push(fault('/out_of_window', `hold ${LATER}; use skip`));
  else if (outOfWindow !== undefined && outOfWindow !== 'skip') faults.push(fault('/out_of_window', 'must be skip'));
  return faults;
};

const checkPace: Check = ({ ratePerSecond, startDelaySeconds }) => {
  const faults: FieldError[] = [];
  const maxRate = META_LIMITS.pageSendsPerSecond.max;
  if (ratePerSecond !== undefined && ratePerSecond !== null && !isWhole(ratePerSecond, 1, maxRate)) {
    faults.push(fault('/rate_per_second', `must be a whole number from 1 to ${maxRate}`));
  }
  if (startDelaySeconds !== undefined && !isWhole(startDelaySeconds, 0, MAX_START_DELAY_SECONDS)) {
    faults.push(fault('/start_delay_seconds', `must be a whole number from 0 to ${MAX_START_DELAY_SECONDS}`));
  }
  return faults;
};

const isWhole = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most;

const checkMessageField: Check = ({ message }) => {
  if (message === undefined) return [];
  if (message.template !== undefined && message.template !== null) return [fault('/message/template', LATER)];
  return [...checkMessage(message)];
};

const checkAudienceField: Check = ({ audience }) => (audience === undefined ? [] : checkAudience(audience));

const CHECKS: readonly Check[] = [
  checkName,
  checkPurpose,
  checkPageIds,
  checkSchedule,
  checkLaterFeatures,
  checkPace,
  checkMessageField,
  checkAudienceField,
];

/** Every fault of a filter, by its place below `/audience`. */
export function checkAudience(audience: AudienceInput): FieldError[] {
  const faults: FieldError[] = [];
  const list = (field: string, values: readonly string[] | undefined, most: number, valueFault: ValueFault): void => {
    if (values === undefined) return;
    const pointer = `/audience/${field}`;
    if (values.length === 0) faults.push(fault(pointer, 'must not be empty; leave it out instead'));
    if (values.length > most) faults.push(fault(pointer, `must have at most ${most} entries`));
    else faults.push(...values.flatMap((value, place) => prefixed(`${pointer}/${place}`, valueFault(value))));
  };
  list('tags_any', audience.tagsAny, MAX_FILTER_VALUES, textFault);
  list('tags_all', audience.tagsAll, MAX_FILTER_VALUES, textFault);
  list('tags_none', audience.tagsNone, MAX_FILTER_VALUES, textFault);
  list('refs_any', audience.refsAny, MAX_FILTER_VALUES, textFault);
  list('locales', audience.locales, MAX_FILTER_VALUES, localeFault);
  list('lead_ids', audience.leadIds, MAX_AUDIENCE_LEADS, uuidFault);
  if (audience.notInBroadcast !== undefined) {
    faults.push(...prefixed('/audience/not_in_broadcast', uuidFault(audience.notInBroadcast)));
  }
  return faults;
}

type ValueFault = (value: string) => string | null;

const prefixed = (pointer: string, detail: string | null): FieldError[] =>
  detail === null ? [] : [fault(pointer, detail)];

const textFault: ValueFault = (value) =>
  value.trim() !== '' && value.length <= MAX_VALUE_CHARACTERS && !NOT_TEXT.test(value)
    ? null
    : `must have 1 to ${MAX_VALUE_CHARACTERS} characters`;

const localeFault: ValueFault = (value) => (LOCALE.test(value) ? null : 'must be a locale like en_US or en');

const uuidFault: ValueFault = (value) => (UUID.test(value) ? null : 'must be a UUID');

export const isUuid = (text: string): boolean => UUID.test(text);
