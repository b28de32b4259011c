import { isLosslessNumber } from 'lossless-json';

/** An object of a body whose numbers are still their digits. */
export type Fields = Readonly<Record<string, unknown>>;

const ID = /^[0-9A-Za-z_.:-]{1,64}$/;
const WHOLE = /^-?[0-9]{1,20}$/;

/** Below this a time is in seconds: as milliseconds it would lie before March 1973. */
const FIRST_MILLISECOND_TIME = 1e11;
const LAST_TIME_MS = 8.64e15;

export function fieldsOf(value: unknown): Fields | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isLosslessNumber(value)) return null;
  return value as Fields;
}

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const member = (fields: Fields | null, name: string): unknown => fields?.[name];

export const child = (fields: Fields | null, name: string): Fields | null => fieldsOf(member(fields, name));

/** NUL and halves of surrogate pairs: JSON can say them, PostgreSQL refuses them. The evidence keeps the bytes. */
const UNSTORABLE = /[\0\p{Surrogate}]/gu;

/** Text in a form that can be stored; an empty one counts as none. */
export function text(fields: Fields | null, name: string): string | null {
  const value = member(fields, name);
  if (typeof value !== 'string') return null;
  const storable = value.replace(UNSTORABLE, '');
  return storable === '' ? null : storable;
}

/** Text or the digits of a number: Meta writes the same field both ways. */
export function textOrDigits(fields: Fields | null, name: string): string | null {
  const value = member(fields, name);
  return isLosslessNumber(value) ? value.value : text(fields, name);
}

/** An id of Meta's. Ids pass 2^53 and come as strings or as numbers, so a number is taken by its digits. */
export function identifier(fields: Fields | null, name: string): string | null {
  const value = textOrDigits(fields, name);
  return value !== null && ID.test(value) ? value : null;
}

export function wholeNumber(fields: Fields | null, name: string): number | null {
  const value = textOrDigits(fields, name);
  if (value === null || !WHOLE.test(value)) return null;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : null;
}

/** A moment in milliseconds, from milliseconds or seconds; null for nothing, nonsense or a time before 1970. */
export function momentMs(fields: Fields | null, name: string): number | null {
  const value = wholeNumber(fields, name);
  if (value === null || value <= 0) return null;
  const ms = value < FIRST_MILLISECOND_TIME ? value * 1_000 : value;
  return ms <= LAST_TIME_MS ? ms : null;
}
