import { OpenApiGeneratorV31, OpenAPIRegistry, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { problemSchema } from './problem';
import type { DocumentedReply, Route } from './route';

export type OpenApiDocument = ReturnType<OpenApiGeneratorV31['generateDocument']>;

const GENERAL_PROBLEMS: Readonly<Record<number, string>> = {
  400: 'The request could not be read',
  401: 'No valid API key',
  403: 'The API key lacks the scope',
  404: 'There is no such resource in this account',
  409: 'The resource is in another state, or the first call with this Idempotency-Key still runs',
  410: 'The person was erased',
  413: 'The body is too large',
  422: 'Fields are missing, unknown or out of range; `errors` names each one',
  429: 'Too many requests; see Retry-After',
  500: 'Our fault; quote `request_id`',
  502: 'Meta refused or did not answer; see `meta_code`',
  503: 'Not ready',
};

const idempotencyHeader = z.object({
  'Idempotency-Key': z
    .string()
    .max(255)
    .optional()
    .meta({ description: 'Kept 24 hours: the same key and body answer the same resource again' }),
});

const ALWAYS = [400, 413, 422, 500] as const;
const ALWAYS_PRIVATE = [401, 403] as const;

/** The OpenAPI 3.1 document, made from the schemas that validate the requests. */
export function openApiDocument(routes: readonly Route[], version: string): OpenApiDocument {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key: `Authorization: Bearer assent_…`',
  });
  for (const route of routes) registry.registerPath(pathOf(route));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Assent',
      version,
      description: 'Bulk messages on Facebook Messenger, sent only to people who opted in, with proof.',
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
    request: requestOf(route),
    responses: { ...repliesOf(route.replies), ...problemsOf(route) },
  };
}

const operationId = (route: Route): string =>
  [route.method, ...route.path.split('/').filter((part) => part !== '' && part !== 'v1')]
    .join('_')
    .replaceAll(/[^a-zA-Z0-9]+/g, '_')
    .replace(/_$/, '');

function requestOf(route: Route): NonNullable<RouteConfig['request']> {
  return {
    ...(route.replay !== undefined ? { headers: idempotencyHeader } : {}),
    ...(route.params === undefined ? {} : { params: route.params as z.ZodObject }),
    ...(route.query === undefined ? {} : { query: route.query as z.ZodObject }),
    ...(route.body === undefined
      ? {}
      : { body: { required: true, content: { 'application/json': { schema: route.body } } } }),
  };
}

function repliesOf(replies: Readonly<Record<number, DocumentedReply>>): RouteConfig['responses'] {
  const documented: RouteConfig['responses'] = {};
  for (const [status, reply] of Object.entries(replies)) {
    documented[status] = {
      description: reply.description,
      ...(reply.schema === undefined
        ? {}
        : { content: { [reply.contentType ?? 'application/json']: { schema: reply.schema } } }),
    };
  }
  return documented;
}

function problemsOf(route: Route): RouteConfig['responses'] {
  const statuses = new Set<number>([
    ...ALWAYS,
    ...(route.scope === null ? [] : ALWAYS_PRIVATE),
    ...(route.problems ?? []),
  ]);
  const documented: RouteConfig['responses'] = {};
  for (const status of [...statuses].sort((a, b) => a - b)) {
    documented[status] = {
      description: GENERAL_PROBLEMS[status] ?? 'Problem',
      content: { 'application/problem+json': { schema: problemSchema } },
    };
  }
  return documented;
}
