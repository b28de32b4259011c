import type { z } from 'zod';
import type { FieldError } from '../kernel/errors';
import { HttpError } from './http.errors';

const escaped = (part: PropertyKey): string => String(part).replaceAll('~', '~0').replaceAll('/', '~1');

/** A JSON pointer into the body (RFC 6901), or the name of a parameter. */
const pointerOf = (part: 'body' | 'parameters', path: readonly PropertyKey[]): string =>
  part === 'body' ? path.map((each) => `/${escaped(each)}`).join('') : path.map(String).join('.');

/** Unknown keys are reported one by one, so that a misspelt field is named and never ignored. */
function fieldErrors(part: 'body' | 'parameters', issue: z.core.$ZodIssue): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      pointer: pointerOf(part, [...issue.path, key]),
      detail: 'is not a known field',
    }));
  }
  const isNoObject = issue.code === 'invalid_type' && issue.path.length === 0 && issue.expected === 'object';
  return [{ pointer: pointerOf(part, issue.path), detail: isNoObject ? 'must be a JSON object' : issue.message }];
}

/**
 * Parses one part of a request.
 *
 * @throws {HttpError} `validation_failed` naming every bad field; the values themselves are never repeated
 */
export function parsePart<T>(schema: z.ZodType<T> | undefined, value: unknown, part: 'body' | 'parameters'): T {
  if (schema === undefined) return undefined as T;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap((issue) => fieldErrors(part, issue));
  throw new HttpError('validation_failed', 'the request has fields that are missing, unknown or out of range', errors);
}
