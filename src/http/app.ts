import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Router } from 'express';
import helmet from 'helmet';
import type { Clock } from '../kernel/clock';
import type { Ids } from '../kernel/ids';
import type { Log } from '../kernel/log';
import { problemFor } from './error-map';
import { HttpError } from './http.errors';
import { facts, type RequestFacts } from './router';

const MAX_JSON_BYTES = 1024 * 1024;
const REQUEST_ID = /^[\w-]{8,64}$/;

export interface AppDeps {
  readonly log: Log;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly observe: (route: string, method: string, status: number, seconds: number) => void;
  /** Routers that read the body themselves: the webhook needs the exact bytes. */
  readonly beforeBodies: readonly { readonly path: string; readonly router: Router }[];
  readonly routers: readonly Router[];
}

/** The Express application. Importing or making it listens to nothing. */
export function makeApp(deps: AppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.use(requestFacts(deps));
  app.use(securityHeaders());
  for (const { path, router } of deps.beforeBodies) app.use(path, router);
  app.use(jsonBodies());
  for (const router of deps.routers) app.use(router);
  app.use((_req, _res, next) => {
    next(new HttpError('route_not_found', 'there is nothing at this address'));
  });
  app.use(writeProblem(deps.log));
  return app;
}

function requestFacts(deps: AppDeps): RequestHandler {
  return (req, res, next) => {
    const sent = req.get('x-request-id') ?? '';
    const requestId = REQUEST_ID.test(sent) ? sent : deps.ids.uuid();
    Object.assign(res.locals, { requestId, route: 'unmatched', rawBody: Buffer.alloc(0) } satisfies RequestFacts);
    res.setHeader('X-Request-Id', requestId);
    const startedMs = deps.clock.monotonicMs();
    res.on('finish', () => {
      const seconds = (deps.clock.monotonicMs() - startedMs) / 1000;
      deps.observe(facts(res).route, req.method, res.statusCode, seconds);
    });
    next();
  };
}

/** Own origin only: no third-party script, style, font or frame (features A-04). */
function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'script-src': ["'self'"],
        'style-src': ["'self'"],
        'img-src': ["'self'", 'data:'],
        'connect-src': ["'self'"],
        'form-action': ["'self'"],
        'base-uri': ["'none'"],
        'frame-ancestors': ["'none'"],
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
  });
}

function jsonBodies(): RequestHandler {
  const parse = express.json({
    limit: MAX_JSON_BYTES,
    type: ['application/json', 'application/*+json'],
    verify: (_req, res, bytes) => {
      facts(res as express.Response).rawBody = Buffer.from(bytes);
    },
  });
  return (req, res, next) => {
    const hasBody = Number(req.get('content-length') ?? 0) > 0 || req.get('transfer-encoding') !== undefined;
    if (hasBody && req.path.startsWith('/v1/') && req.is(['json', '+json']) === false) {
      next(new HttpError('unsupported_media_type', 'send the body as application/json'));
      return;
    }
    parse(req, res, (error?: unknown) => {
      if (error === undefined) next();
      else next(bodyError(error));
    });
  };
}

function bodyError(error: unknown): unknown {
  const type = (error as { type?: unknown }).type;
  if (type === 'entity.too.large')
    return new HttpError('body_too_large', `the body may have at most ${String(MAX_JSON_BYTES)} bytes`);
  if (type === 'entity.parse.failed') return new HttpError('malformed_body', 'the body is not valid JSON');
  if (typeof type === 'string') return new HttpError('malformed_body', 'the body cannot be read');
  return error;
}

function writeProblem(log: Log): ErrorRequestHandler {
  return (error: unknown, req, res, _next) => {
    const { requestId, route } = facts(res);
    const { problem, headers, severity, code } = problemFor(error, requestId);
    if (severity === 'error')
      log.error('http.request_failed', { request_id: requestId, route, method: req.method, code });
    if (res.headersSent) {
      res.destroy();
      return;
    }
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
    res.status(problem.status).type('application/problem+json').json(problem);
  };
}
