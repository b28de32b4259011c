import { OpenApiGeneratorV31, OpenAPIRegistry, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { problemSchema } from './problem';
import { PUBLIC_OPERATIONS, type PublicOperation } from './public-operations';
import { readsBody, type DocumentedReply, type Route } from './route';

export type OpenApiDocument = ReturnType<OpenApiGeneratorV31['generateDocument']>;

const GENERAL_PROBLEMS: Readonly<Record<number, string>> = {
  400: 'The request could not be read',
  401: 'No valid API key',
  403: 'The API key lacks the scope',
  404: 'There is no such resource in this account',
  406: 'None of the media types asked for',
  409: 'The resource is in another state, or the first call with this Idempotency-Key still runs (see Retry-After)',
  413: 'The body is too large',
  415: 'The body is not JSON',
  422: 'Fields are missing, unknown or out of range; `errors` names each one',
  429: 'Too much at once; try again after the seconds in Retry-After',
  500: 'Our fault; quote `request_id`',
  502: 'Meta refused or did not answer; see `meta_code`',
  503: 'Something this installation depends on does not answer; see Retry-After',
};

const idempotencyHeader = z.object({
  'Idempotency-Key': z.string().min(1).max(255).optional().meta({
    description:
      'Kept 24 hours. The same key and body have one effect: the answer is rendered again, with `Idempotency-Replayed: true`. Another body: 422',
  }),
});

const retryHeader = z.object({ 'Retry-After': z.int().meta({ description: 'Seconds' }) });

/** The OpenAPI 3.1 document, made from the schemas that validate the requests. */
export function openApiDocument(routes: readonly Route[], version: string): OpenApiDocument {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key: `Authorization: Bearer assent_…`',
  });
  for (const route of routes) registry.registerPath(pathOf(route));
  for (const operation of PUBLIC_OPERATIONS) registry.registerPath(publicPathOf(operation));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Assent',
      version,
      description:
        'Bulk messages on Facebook Messenger, sent only to people who opted in, with proof. Every answer carries `X-Request-Id`.',
      license: { name: 'AGPL-3.0-or-later', identifier: 'AGPL-3.0-or-later' },
    },
    servers: [{ url: '/' }],
  });
}

function pathOf(route: Route): RouteConfig {
  return {
    method: route.method,
    path: route.path,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    operationId: operationId(route),
    ...(route.scope === null ? { security: [] } : { security: [{ apiKey: [] }], 'x-required-scope': route.scope }),
    request: {
      ...headersOf(route),
      ...(route.params === undefined ? {} : { params: route.params as z.ZodObject }),
      ...(route.query === undefined ? {} : { query: route.query as z.ZodObject }),
      ...requestBodyOf(route),
    },
    responses: { ...repliesOf(route.replies), ...problemsOf(problemStatuses(route)) },
  };
}

function headersOf({ headers, replay, upload }: Route): { headers?: z.ZodObject } {
  if (headers !== undefined) return { headers };
  return replay === undefined || upload !== undefined ? {} : { headers: idempotencyHeader };
}

function requestBodyOf({ body, bodyExample, upload }: Route): { body?: ReturnType<typeof bodyOf> } {
  if (upload !== undefined) return { body: bodyOf({ contentType: upload, schema: z.string() }) };
  if (body === undefined) return {};
  return { body: bodyOf({ contentType: 'application/json', schema: body, example: bodyExample }) };
}

function publicPathOf(operation: PublicOperation): RouteConfig {
  const { method, path, tag, summary, auth, params, query, headers, body } = operation;
  const hasProblems = body === undefined ? [] : [413];
  return {
    method,
    path,
    tags: [tag],
    summary,
    operationId: operationId(operation),
    security: [],
    'x-auth': auth,
    request: {
      ...(params === undefined ? {} : { params }),
      ...(query === undefined ? {} : { query }),
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined ? {} : { body: bodyOf(body) }),
    },
    responses: { ...repliesOf(operation.replies), ...problemsOf(hasProblems) },
  };
}

const operationId = ({ method, path }: Pick<Route, 'method' | 'path'>): string =>
  [method, ...(path === '/' ? ['root'] : path.split('/').filter((part) => part !== '' && part !== 'v1'))]
    .join('_')
    .replaceAll(/[^a-zA-Z0-9]+/g, '_')
    .replace(/_$/, '');

const bodyOf = ({ contentType, schema, example }: NonNullable<PublicOperation['body']>) => ({
  required: !schema.safeParse(undefined).success,
  content: { [contentType]: { schema, ...exampleOf(example) } },
});

const exampleOf = (example: unknown): { example?: unknown } => (example === undefined ? {} : { example });

function repliesOf(replies: Readonly<Record<number, DocumentedReply>>): RouteConfig['responses'] {
  const documented: RouteConfig['responses'] = {};
  for (const [status, reply] of Object.entries(replies)) {
    documented[status] = { description: reply.description, ...contentOf(reply) };
  }
  return documented;
}

function contentOf({ schema, contentType = 'application/json', alternatives = [], example }: DocumentedReply) {
  if (schema === undefined) return {};
  const texts = alternatives.map((type) => [type, { schema: z.string() }] as const);
  return { content: { [contentType]: { schema, ...exampleOf(example) }, ...Object.fromEntries(texts) } };
}

/** What can go wrong follows from what a route reads; only 404, 409, 429 and 502 are its own. */
function problemStatuses(route: Route): number[] {
  const hasInput = route.params !== undefined || route.query !== undefined || route.body !== undefined;
  const isKeyed = route.replay !== undefined;
  const readsABody = readsBody(route) || route.upload !== undefined;
  const answersText = Object.values(route.replies).some((reply) => reply.schema !== undefined);
  return [
    ...(readsABody ? [400, 413, 415] : []),
    ...(route.scope === null ? [] : [401, 403]),
    ...(answersText ? [406] : []),
    ...(isKeyed ? [409] : []),
    ...(hasInput || isKeyed ? [422] : []),
    500,
    503,
    ...(route.problems ?? []),
  ];
}

function problemsOf(statuses: readonly number[]): RouteConfig['responses'] {
  const documented: RouteConfig['responses'] = {};
  for (const status of [...new Set(statuses)].sort((a, b) => a - b)) {
    documented[status] = {
      description: GENERAL_PROBLEMS[status] ?? 'Problem',
      ...(status === 429 ? { headers: retryHeader } : {}),
      content: { 'application/problem+json': { schema: problemSchema } },
    };
  }
  return documented;
}
