import type { IncomingMessage } from 'node:http';
import { isObject, parseObject } from './wire-json';
import type { Json } from './sandbox.types';

const MAX_BODY_BYTES = 5_000_000;

/** Reads the body as text, also where a parser in front of us has read the stream already; undefined when it is too long. */
export function readText(request: IncomingMessage, done: (text: string | undefined) => void): void {
  const parsed = alreadyRead(request);
  if (parsed !== undefined) {
    done(parsed);
    return;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  });
  request.on('end', () => {
    const only = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    done(bytes > MAX_BODY_BYTES ? undefined : (only?.toString('utf8') ?? ''));
  });
}

function alreadyRead(request: IncomingMessage): string | undefined {
  const seen = request as IncomingMessage & { rawBody?: unknown; body?: unknown };
  if (Buffer.isBuffer(seen.rawBody)) return seen.rawBody.toString('utf8');
  if (Buffer.isBuffer(seen.body)) return seen.body.toString('utf8');
  if (typeof seen.body === 'string') return seen.body;
  return isObject(seen.body) ? JSON.stringify(seen.body) : undefined;
}

/** JSON or a form; in a form each value that looks like JSON is read as such, as the Graph API does. */
export function parseBody(text: string, contentType: string | undefined): Json | undefined {
  if (text === '') return {};
  if (contentType?.startsWith('application/x-www-form-urlencoded') !== true) return parseObject(text);
  const body: Json = {};
  for (const [key, value] of new URLSearchParams(text)) body[key] = parameter(value);
  return body;
}

/** A parameter of a form or a query: JSON where it is an object or a list, else the text itself. */
export function parameter(value: string): unknown {
  if (!value.startsWith('{') && !value.startsWith('[')) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
