import { Router, type NextFunction, type Request, type Response } from 'express';
import { pipeline } from 'node:stream/promises';
import type { Principal } from '../domain/accounts';
import { HttpError } from './http.errors';
import { runOnce, type IdempotencyDeps } from './idempotency';
import type { Call, PrivateRoute, PublicRoute, Reply, Route } from './route';
import { parsePart } from './validate';

export interface RouterDeps {
  readonly authenticate: (rawKey: string) => Promise<Principal | null>;
  readonly idempotency: IdempotencyDeps;
}

/** Request-scoped facts that the first middleware leaves for the rest. */
export interface RequestFacts {
  requestId: string;
  /** The route template, for logs and metrics: a path may hold an id, a template never does. */
  route: string;
  rawBody: Buffer;
}

export const facts = (res: Response): RequestFacts => res.locals as RequestFacts;

const BEARER = /^Bearer ([\x21-\x7e]{1,200})$/;

/** Turns the route list into an Express router. Nothing is reachable that is not in the list. */
export function makeRouter(routes: readonly Route[], deps: RouterDeps): Router {
  const router = Router({ caseSensitive: true, strict: true });
  for (const route of routes) {
    const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
    router[route.method](path, async (req: Request, res: Response) => {
      facts(res).route = route.path;
      await writeReply(res, await answer(route, deps, req, res));
    });
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    const allowed = routes.filter((route) => route.path === path).map((route) => route.method.toUpperCase());
    router.all(path.replaceAll(/\{(\w+)\}/g, ':$1'), (_req: Request, _res: Response, next: NextFunction) => {
      next(
        new HttpError('method_not_allowed', 'this address does not take that method', [], {
          Allow: allowed.join(', '),
        }),
      );
    });
  }
  return router;
}

async function answer(route: Route, deps: RouterDeps, req: Request, res: Response): Promise<Reply> {
  const principal = route.scope === null ? null : await authorise(route, deps, req);
  const aborted = new AbortController();
  res.on('close', () => {
    aborted.abort();
  });
  const base = {
    params: parsePart(route.params, req.params, 'path'),
    query: parsePart(route.query, req.query, 'query'),
    body: parsePart(route.body, req.body, ''),
    requestId: facts(res).requestId,
    accepts: (types: readonly string[]) => firstOf(req.accepts([...types])),
    signal: aborted.signal,
  };
  if (route.scope === null || principal === null) {
    return (route as PublicRoute).handle({ ...base, principal: null, newId: deps.idempotency.ids.uuid() });
  }
  return once(route, deps, req, res, { ...base, principal });
}

const firstOf = (wanted: string | false | readonly string[]): string | undefined => {
  if (wanted === false) return undefined;
  return typeof wanted === 'string' ? wanted : wanted[0];
};

type Prepared = Omit<Call<unknown, unknown, unknown, Principal>, 'newId'>;

async function once(
  route: PrivateRoute,
  deps: RouterDeps,
  req: Request,
  res: Response,
  call: Prepared,
): Promise<Reply> {
  const key = req.get('idempotency-key');
  const { replay } = route;
  if (key === undefined || replay === undefined) return route.handle({ ...call, newId: deps.idempotency.ids.uuid() });
  const request = {
    principal: call.principal,
    key,
    method: route.method,
    path: req.originalUrl,
    bytes: facts(res).rawBody,
  };
  return runOnce(
    deps.idempotency,
    request,
    (newId) => route.handle({ ...call, newId }),
    async (resourceId, status) => {
      const reply = await replay(call.principal, resourceId);
      return {
        ...reply,
        status,
        headers: { ...('headers' in reply ? reply.headers : {}), 'Idempotency-Replayed': 'true' },
      };
    },
  );
}

async function authorise(route: PrivateRoute, deps: RouterDeps, req: Request): Promise<Principal> {
  const rawKey = BEARER.exec(req.get('authorization') ?? '')?.[1];
  const principal = rawKey === undefined ? null : await deps.authenticate(rawKey);
  if (principal === null) {
    throw new HttpError('unauthenticated', 'send a valid API key as "Authorization: Bearer <key>"', [], {
      'WWW-Authenticate': 'Bearer realm="assent"',
    });
  }
  if (!principal.scopes.includes(route.scope)) {
    throw new HttpError('scope_missing', `this API key lacks the scope ${route.scope}`);
  }
  return principal;
}

async function writeReply(res: Response, reply: Reply): Promise<void> {
  res.status(reply.status);
  if ('stream' in reply) {
    res.setHeader('Content-Type', reply.contentType);
    await pipeline(reply.stream, res).catch((error: unknown) => {
      // The caller hung up: there is nobody left to answer.
      if (!res.destroyed) throw error;
    });
    return;
  }
  for (const [name, value] of Object.entries(reply.headers ?? {})) res.setHeader(name, value);
  if (reply.body === undefined) res.end();
  else res.json(reply.body);
}
