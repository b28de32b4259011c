import type { z } from 'zod';
import type { Principal, Scope } from '../domain/accounts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

interface ReplyHead {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * What a repeated Idempotency-Key is answered from, when the id of a new resource is not enough: a public id, or
   * counts. Kept in clear for a day, also when somebody is erased meanwhile: so never a personal value, nor the id of a person.
   */
  readonly remember?: string;
}

/**
 * JSON, nothing, or a stream. A source that looks whether each part may leave is handed on as it is: a `Readable` around it would read
 * ahead.
 */
export type Reply =
  | (ReplyHead & { readonly body?: unknown })
  | (ReplyHead & { readonly stream: AsyncIterable<Buffer | string>; readonly contentType: string });

export interface DocumentedReply {
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly example?: unknown;
  /** Default application/json. */
  readonly contentType?: string;
  /** Other representations of the same reply, chosen by Accept. */
  readonly alternatives?: readonly string[];
}

export interface Call<Params, Query, Body, Caller> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly principal: Caller;
  readonly requestId: string;
  /** The media type to answer in: of those documented for the route, the one the caller wants most. */
  readonly wanted: string;
  readonly header: (name: string) => string | undefined;
  /** The body of a route with `upload`. Empty for all others. */
  readonly upload: AsyncIterable<Buffer>;
  /** Aborted when the caller hangs up. */
  readonly signal: AbortSignal;
  /** Whether the API key would still be let in: for answers that last longer than a moment. */
  readonly isStillAllowed: () => Promise<boolean>;
  /** The id to create the resource under: the same on every repetition of one Idempotency-Key. */
  readonly newId: string;
  /** An earlier call with this key died half-way, and may or may not have created `newId`. */
  readonly isResumed: boolean;
}

interface RouteShape<Params, Query, Body> {
  readonly method: Method;
  /** OpenAPI form: `/v1/pages/{page_id}`. */
  readonly path: string;
  /** Its parameter stands for one or more segments, which OpenAPI cannot say. */
  readonly isDeep?: boolean;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  readonly bodyExample?: unknown;
  /** Nothing may be kept of the body, not even a keyed hash: an Idempotency-Key is bound to the rest of the request alone. */
  readonly isBodySecret?: boolean;
  /** The media type of a body of any length, in place of JSON. Such a call must have its effect once by itself. */
  readonly upload?: string;
  /** Headers of its own, for the document. */
  readonly headers?: z.ZodObject;
  readonly replies: Readonly<Record<number, DocumentedReply>>;
  /** Statuses of the problem bodies this route may answer besides the general ones. */
  readonly problems?: readonly number[];
}

type PrivateCall<Params, Query, Body> = Call<Params, Query, Body, Principal>;

/**
 * What a repeated Idempotency-Key is answered once the first call has ended. `again` is for calls that only read: they
 * run anew. All others are rendered from what is there now, and from what the first reply asked to `remember`.
 */
export type Replay<Params, Query, Body> =
  'again' | ((call: PrivateCall<Params, Query, Body>, remembered: string) => Promise<Reply>);

export interface PrivateRoute<Params = unknown, Query = unknown, Body = unknown> extends RouteShape<
  Params,
  Query,
  Body
> {
  readonly scope: Scope;
  /** Every POST has one. */
  readonly replay?: Replay<Params, Query, Body>;
  readonly handle: (call: PrivateCall<Params, Query, Body>) => Promise<Reply>;
}

export interface PublicRoute<Params = unknown, Query = unknown, Body = unknown> extends RouteShape<
  Params,
  Query,
  Body
> {
  readonly scope: null;
  readonly replay?: undefined;
  readonly handle: (call: Call<Params, Query, Body, null>) => Promise<Reply>;
}

/** What the router, the OpenAPI document and the golden route table are all made from. */
export type Route = PrivateRoute | PublicRoute;

/** Keeps the types of one route's parts together, then lets it stand in a list with the others. */
export function privateRoute<Params, Query, Body>(route: PrivateRoute<Params, Query, Body>): Route {
  return route as unknown as Route;
}

export function publicRoute<Params, Query, Body>(route: PublicRoute<Params, Query, Body>): Route {
  return route as unknown as Route;
}

/** Media types a route answers in when all goes well; the first is the default. */
export const mediaTypes = (route: Pick<Route, 'replies'>): string[] => [
  ...new Set(
    Object.values(route.replies).flatMap((reply) =>
      reply.schema === undefined ? [] : [reply.contentType ?? 'application/json', ...(reply.alternatives ?? [])],
    ),
  ),
];

/** A POST without fields of its own may still come with a body, and its Idempotency-Key is bound to that too. */
export const readsBody = (route: Route): boolean =>
  route.upload === undefined && (route.body !== undefined || route.replay !== undefined);
