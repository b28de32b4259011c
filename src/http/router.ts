import { Router, type Request, type Response } from 'express';
import { Readable } from 'node:stream';
import type { Principal } from '../domain/accounts';
import { InvariantError } from '../kernel/errors';
import { readJsonBody, takeUpload, type ReadBody } from './body';
import { HttpError } from './http.errors';
import { runOnce, type IdempotencyDeps } from './idempotency';
import { refuseOtherMethods } from './other-methods';
import {
  mediaTypes,
  readsBody,
  type Call,
  type PrivateRoute,
  type PublicRoute,
  type Replay,
  type Reply,
  type Route,
} from './route';
import { sendStream } from './send-stream';
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
}

export const facts = (res: Response): RequestFacts => res.locals as RequestFacts;

const NO_BODY: ReadBody = { value: undefined, bytes: Buffer.alloc(0) };
const BEARER = /^Bearer ([\x21-\x7e]{1,200})$/i;

/** Turns the route list into an Express router. Nothing is reachable that is not in the list. */
export function makeRouter(routes: readonly Route[], deps: RouterDeps): Router {
  const router = Router({ caseSensitive: true, strict: true });
  for (const path of [...new Set(routes.map((route) => route.path))].sort(literalFirst)) {
    const own = routes.filter((route) => route.path === path);
    const isDeep = own.some((route) => route.isDeep === true);
    const expressPath = path.replaceAll(/\{(\w+)\}/g, isDeep ? '*$1' : ':$1');
    for (const route of own) {
      requireReplay(route);
      router[route.method](expressPath, async (req: Request, res: Response) => {
        facts(res).route = route.path;
        // Leads and keys are in these answers: nothing on the way may keep them.
        res.setHeader('Cache-Control', 'no-store');
        await writeReply(req, res, await answer(route, deps, req, res));
      });
    }
    refuseOtherMethods(
      router,
      expressPath,
      own.map((route) => route.method),
    );
  }
  return router;
}

/** `/v1/leads/lookup` before `/v1/leads/{id}`: a word of ours is never read as somebody's id. */
function literalFirst(left: string, right: string): number {
  const shape = (path: string) => path.replaceAll(/\{\w+\}/g, '\u{10ffff}');
  return shape(left) < shape(right) ? -1 : 1;
}

function requireReplay(route: Route): void {
  if (route.scope !== null && route.method === 'post' && route.replay === undefined) {
    throw new InvariantError('replay_missing', `POST ${route.path} does not say what a repeated key is answered`);
  }
}

async function answer(route: Route, deps: RouterDeps, req: Request, res: Response): Promise<Reply> {
  const principal = route.scope === null ? null : await authorise(route, deps, req);
  const wanted = wantedType(route, req);
  const body = readsBody(route) ? await readJsonBody(req, res) : NO_BODY;
  const aborted = new AbortController();
  res.on('close', () => {
    aborted.abort();
  });
  const prepared = {
    params: parsePart(route.params, pathParameters(req), 'parameters'),
    query: parsePart(route.query, req.query, 'parameters'),
    body: parsePart(route.body, body.value, 'body'),
    requestId: facts(res).requestId,
    wanted,
    header: (name: string) => req.get(name),
    upload: takeUpload(route.upload, req),
    signal: aborted.signal,
    isStillAllowed: () => isLetIn(route, deps, req),
  };
  const firstTime = () => ({ newId: deps.idempotency.ids.uuid(), isResumed: false });
  if (route.scope === null || principal === null) {
    return (route as PublicRoute).handle({ ...prepared, principal: null, ...firstTime() });
  }
  const { replay } = route;
  if (replay === undefined || route.upload !== undefined || req.get('idempotency-key') === undefined) {
    return route.handle({ ...prepared, principal, ...firstTime() });
  }
  return once(deps, { route, replay, req, body }, { ...prepared, principal });
}

function wantedType(route: Route, req: Request): string {
  const types = mediaTypes(route);
  if (types.length === 0) return '';
  const wanted = req.accepts(types);
  if (wanted === false) throw new HttpError('not_acceptable', `this address answers in ${types.join(' or ')}`);
  return wanted;
}

/** A parameter of several path segments comes in pieces. */
const pathParameters = ({ params }: Request): Record<string, string> =>
  Object.fromEntries(
    Object.entries(params as Record<string, string | string[]>).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join('/') : value,
    ]),
  );

type Prepared = Omit<Call<unknown, unknown, unknown, Principal>, 'newId' | 'isResumed'>;

interface Keyed {
  readonly route: PrivateRoute;
  readonly replay: Replay<unknown, unknown, unknown>;
  readonly req: Request;
  readonly body: ReadBody;
}

function once(deps: RouterDeps, { route, replay, req, body }: Keyed, call: Prepared): Promise<Reply> {
  const request = {
    principal: call.principal,
    key: req.get('idempotency-key') ?? '',
    method: route.method,
    path: req.originalUrl,
    bytes: route.isBodySecret === true ? NO_BODY.bytes : body.bytes,
  };
  return runOnce(deps.idempotency, request, {
    run: ({ resourceId, isResumed }) => route.handle({ ...call, newId: resourceId, isResumed }),
    replay: async (remembered, status) => {
      const repeated = { ...call, newId: remembered, isResumed: false };
      const reply = replay === 'again' ? await route.handle(repeated) : await replay(repeated, remembered);
      return { ...reply, status, headers: { ...reply.headers, 'Idempotency-Replayed': 'true' } };
    },
  });
}

async function authorise(route: PrivateRoute, deps: RouterDeps, req: Request): Promise<Principal> {
  const principal = await principalOf(deps, req);
  if (principal === null) {
    throw new HttpError('unauthenticated', 'send a valid API key as "Authorization: Bearer <key>"', [], {
      'WWW-Authenticate': 'Bearer realm="assent"',
    });
  }
  requireScope(principal, route.scope);
  return principal;
}

async function principalOf(deps: RouterDeps, req: Request): Promise<Principal | null> {
  const rawKey = BEARER.exec(req.get('authorization') ?? '')?.[1];
  return rawKey === undefined ? null : deps.authenticate(rawKey);
}

async function isLetIn({ scope }: Route, deps: RouterDeps, req: Request): Promise<boolean> {
  return scope === null || (await principalOf(deps, req))?.scopes.includes(scope) === true;
}

/** @throws {HttpError} `scope_missing` */
export function requireScope(principal: Principal, scope: PrivateRoute['scope']): void {
  if (principal.scopes.includes(scope)) return;
  throw new HttpError('scope_missing', `this API key lacks the scope ${scope}`, [], {
    'WWW-Authenticate': `Bearer realm="assent", error="insufficient_scope", scope="${scope}"`,
  });
}

async function writeReply(req: Request, res: Response, reply: Reply): Promise<void> {
  res.status(reply.status);
  for (const [name, value] of Object.entries(reply.headers ?? {})) res.setHeader(name, value);
  if (!('stream' in reply)) {
    if (reply.body === undefined) res.end();
    else res.json(reply.body);
    return;
  }
  res.setHeader('Content-Type', reply.contentType);
  if (req.method === 'HEAD') {
    if (reply.stream instanceof Readable) reply.stream.destroy();
    res.end();
    return;
  }
  await sendStream(res, reply.stream);
}
