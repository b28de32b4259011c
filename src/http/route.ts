import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { Principal, Scope } from '../domain/accounts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** JSON, nothing, or a stream of text. */
export type Reply =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly status: number; readonly stream: Readable; readonly contentType: string };

export interface DocumentedReply {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Default application/json. */
  readonly contentType?: string;
}

export interface Call<Params, Query, Body, Caller> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly principal: Caller;
  readonly requestId: string;
  /** Media types the caller accepts, most wanted first. */
  readonly accepts: (types: readonly string[]) => string | undefined;
  /** Aborted when the caller hangs up. */
  readonly signal: AbortSignal;
  /** The id to create the resource under: the same on every repetition of one Idempotency-Key. */
  readonly newId: string;
}

interface RouteShape<Params, Query, Body> {
  readonly method: Method;
  /** OpenAPI form: `/v1/pages/{page_id}`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  readonly replies: Readonly<Record<number, DocumentedReply>>;
  /** Error codes of the problem bodies this route may answer besides the general ones. */
  readonly problems?: readonly number[];
}

/** A call that creates something says how to render it again for a repeated Idempotency-Key. */
export type Replay = (principal: Principal, resourceId: string) => Promise<Reply>;

export interface PrivateRoute<Params = unknown, Query = unknown, Body = unknown> extends RouteShape<
  Params,
  Query,
  Body
> {
  readonly scope: Scope;
  /** Missing on a POST that may simply run again. */
  readonly replay?: Replay;
  readonly handle: (call: Call<Params, Query, Body, Principal>) => Promise<Reply>;
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
