import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Router } from 'express';
import helmet from 'helmet';
import type { Clock } from '../kernel/clock';
import type { Ids } from '../kernel/ids';
import type { Log } from '../kernel/log';
import { unreadable } from './body';
import { problemFor } from './error-map';
import { HttpError } from './http.errors';
import { facts, type RequestFacts } from './router';

const REQUEST_ID = /^[\w-]{8,64}$/;
/** A UUID or a trace id. Anything else a caller chose may be a person's number or name, and is echoed but not logged. */
const MACHINE_MADE = /^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})$/i;

export interface AppDeps {
  readonly log: Log;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly observe: (route: string, method: string, status: number, seconds: number) => void;
  /** Routers that come ahead of the others, each under its own path. */
  readonly beforeBodies: readonly { readonly path: string; readonly router: Router }[];
  readonly routers: readonly Router[];
}

/** The Express application. Importing or making it listens to nothing. Each router reads bodies by itself. */
export function makeApp(deps: AppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(requestFacts(deps));
  app.use(securityHeaders());
  for (const { path, router } of deps.beforeBodies) app.use(path, router);
  for (const router of deps.routers) app.use(router);
  app.use(() => {
    throw new HttpError('route_not_found', 'there is nothing at this address');
  });
  app.use(writeProblem(deps.log));
  return app;
}

function requestFacts(deps: AppDeps): RequestHandler {
  return (req, res, next) => {
    const sent = req.get('x-request-id') ?? '';
    const requestId = REQUEST_ID.test(sent) ? sent : deps.ids.uuid();
    Object.assign(res.locals, { requestId, route: 'unmatched' } satisfies RequestFacts);
    res.setHeader('X-Request-Id', requestId);
    const startedMs = deps.clock.monotonicMs();
    res.on('close', () => {
      const seconds = (deps.clock.monotonicMs() - startedMs) / 1000;
      deps.observe(facts(res).route, methodLabel(req.method), res.statusCode, seconds);
    });
    next();
  };
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE']);

/** Node takes more methods than these; a metric must not grow with what strangers send. */
const methodLabel = (method: string): string => (METHODS.has(method) ? method : 'other');

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
    // The operator's other names under the same domain are none of our business.
    strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: false },
  });
}

function writeProblem(log: Log): ErrorRequestHandler {
  return (error: unknown, req, res, _next) => {
    const { requestId, route } = facts(res);
    const { problem, headers, severity, fields } = problemFor(unreadable(error), requestId);
    if (severity !== 'info') {
      log[severity]('http.request_failed', {
        ...(MACHINE_MADE.test(requestId) ? { request_id: requestId } : {}),
        route,
        method: methodLabel(req.method),
        status: problem.status,
        ...fields,
      });
    }
    if (res.headersSent) {
      res.destroy();
      return;
    }
    for (const name of ['Content-Type', 'Content-Disposition', 'Location']) res.removeHeader(name);
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
    res.setHeader('Cache-Control', 'no-store');
    res.status(problem.status).type('application/problem+json').json(problem);
  };
}
