import { json, type Request, type RequestHandler, type Response } from 'express';
import { Readable } from 'node:stream';
import { HttpError } from './http.errors';
import { allowSlowBody } from './slow-body';

export const MAX_JSON_BYTES = 1024 * 1024;

const JSON_TYPES = ['application/json', 'application/*+json'];

export interface ReadBody {
  readonly value: unknown;
  /** As they came: an Idempotency-Key is bound to them. */
  readonly bytes: Buffer;
}

const bytesOf = new WeakMap<object, Buffer>();

const parseJson: RequestHandler = json({
  limit: MAX_JSON_BYTES,
  type: JSON_TYPES,
  // Whatever else is JSON is read too, so that what is refused is what it is and not how it is written.
  strict: false,
  verify: (req, _res, bytes) => {
    bytesOf.set(req, bytes);
  },
});

/**
 * Reads a JSON body, once it is known who sent it.
 *
 * @throws {HttpError} `unsupported_media_type`, `body_too_large`, `malformed_body`
 */
export async function readJsonBody(req: Request, res: Response): Promise<ReadBody> {
  const hasBody = Number(req.get('content-length') ?? 0) > 0 || req.get('transfer-encoding') !== undefined;
  if (hasBody && !req.is(JSON_TYPES)) {
    throw new HttpError('unsupported_media_type', 'send the body as application/json');
  }
  await new Promise<void>((resolve, reject) => {
    void parseJson(req, res, (error?: unknown) => {
      if (error === undefined) resolve();
      else reject(error instanceof Error ? error : new HttpError('malformed_body', 'the body cannot be read'));
    });
  });
  return { value: req.body as unknown, bytes: bytesOf.get(req) ?? Buffer.alloc(0) };
}

/**
 * The body of a request as a stream of any length, once it is known who sent it.
 *
 * @param type the only media type it may have; without one there is no body
 * @throws {HttpError} `unsupported_media_type`
 */
export function takeUpload(type: string | undefined, req: Request): AsyncIterable<Buffer> {
  if (type === undefined) return Readable.from([]);
  const isPlain = (req.get('content-encoding') ?? 'identity') === 'identity';
  if (req.is(type) === false || !isPlain) {
    throw new HttpError('unsupported_media_type', `send the body as ${type}, without a content encoding`);
  }
  allowSlowBody(req);
  return req;
}

const OWN_WORDS: Readonly<Record<string, () => HttpError>> = {
  'entity.too.large': () =>
    new HttpError('body_too_large', `the body may have at most ${String(MAX_JSON_BYTES)} bytes`),
  'entity.parse.failed': () => new HttpError('malformed_body', 'the body is not valid JSON'),
  'encoding.unsupported': () => new HttpError('unsupported_media_type', 'the content encoding is not understood'),
  'charset.unsupported': () => new HttpError('unsupported_media_type', 'send JSON in UTF-8'),
};

/** What the libraries below throw for a request that cannot be read, in our words: theirs quote the body or the address. */
export function unreadable(error: unknown): unknown {
  if (error instanceof URIError) return new HttpError('route_not_found', 'the address is not well formed');
  const type = (error as { type?: unknown } | null)?.type;
  if (typeof type !== 'string') return error;
  const known = OWN_WORDS[type];
  if (known !== undefined) return known();
  return /^(entity|request|stream|parameters|querystring)\./.test(type)
    ? new HttpError('malformed_body', 'the body cannot be read')
    : error;
}
