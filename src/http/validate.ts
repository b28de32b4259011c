import type { z } from 'zod';
import type { FieldError } from '../kernel/errors';
import { HttpError } from './http.errors';

const pointerOf = (prefix: string, path: readonly PropertyKey[]): string =>
  [prefix, ...path.map((part) => String(part).replaceAll('~', '~0').replaceAll('/', '~1'))].join('/');

/** Unknown keys are reported one by one, so that a misspelt field is named and never ignored. */
function fieldErrors(prefix: string, issue: z.core.$ZodIssue): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      pointer: pointerOf(prefix, [...issue.path, key]),
      detail: 'is not a known field',
    }));
  }
  return [{ pointer: pointerOf(prefix, issue.path), detail: issue.message }];
}

/**
 * Parses one part of a request.
 *
 * @param part where the value came from: '' for the body (JSON pointers), `query` or `path`
 * @throws {HttpError} `validation_failed` naming every bad field; the values themselves are never repeated
 */
export function parsePart<T>(schema: z.ZodType<T> | undefined, value: unknown, part: '' | 'query' | 'path'): T {
  if (schema === undefined) return undefined as T;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap((issue) => fieldErrors(part, issue));
  throw new HttpError('validation_failed', 'the request has fields that are missing, unknown or out of range', errors);
}
