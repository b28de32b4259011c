import { InvariantError } from '../errors';

const MAX_BYTES = 16 * 1024;
const MAX_DEPTH = 8;
const KEY = /^[a-z0-9_]+$/;
const LONE_SURROGATE = /[\ud800-\udfff]/u;

const refuse = (reason: string): never => {
  throw new InvariantError('not_canonical', `a value cannot be written canonically: ${reason}`);
};

/**
 * Canonical JSON: RFC 8785, narrowed so that sorting keys and `JSON.stringify` are all it takes.
 *
 * Allowed: plain objects with keys of `[a-z0-9_]`, arrays, well-formed strings, booleans, null and safe integers, at
 * most 8 levels and 16 KiB. Two programs can only disagree about what is left out here: floats, `undefined`, dates.
 *
 * @throws {InvariantError} `not_canonical`
 */
export function canonicalJson(value: unknown): Buffer {
  const bytes = Buffer.from(write(value, 1), 'utf8');
  return bytes.length > MAX_BYTES ? refuse('too large') : bytes;
}

/**
 * Reads canonical JSON and nothing else: a duplicate key, a blank or another key order is refused.
 *
 * @throws {InvariantError} `not_canonical`
 */
export function parseCanonicalJson(bytes: Buffer): unknown {
  if (bytes.length > MAX_BYTES) return refuse('too large');
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    return refuse('not JSON');
  }
  return canonicalJson(value).equals(bytes) ? value : refuse('not in canonical form');
}

function write(value: unknown, depth: number): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return LONE_SURROGATE.test(value) ? refuse('lone surrogate') : JSON.stringify(value);
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : refuse('not a safe integer');
  }
  return typeof value === 'object' ? writeNested(value, depth) : refuse(typeof value);
}

function writeNested(value: object, depth: number): string {
  if (depth > MAX_DEPTH) return refuse('too deep');
  if (Array.isArray(value)) return `[${Array.from(value, (item) => write(item, depth + 1)).join(',')}]`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return refuse('not a plain object');
  if (Object.getOwnPropertySymbols(value).length > 0) return refuse('symbol key');
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, item]) => `${writeKey(key)}:${write(item, depth + 1)}`).join(',')}}`;
}

const writeKey = (key: string): string => (KEY.test(key) ? `"${key}"` : refuse('key'));
