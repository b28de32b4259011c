import type { Json } from './sandbox.types';

const ESCAPED = /[/\u0080-\uffff]/g;

/** Meta signs and sends bytes in which `/` and everything outside ASCII are escaped, with lower-case hex. */
export function escapeUnicode(json: string): string {
  return json.replace(ESCAPED, (unit) =>
    unit === '/' ? '\\/' : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** Parses an object; anything else, broken JSON included, is undefined. */
export function parseObject(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
