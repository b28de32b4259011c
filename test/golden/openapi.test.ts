import { loadConfig } from '../../config/env';
import { allRoutes } from '../../src/compose/api';
import type { UseCases } from '../../src/compose/use-cases';
import { openApiDocument } from '../../src/http/openapi';
import { PUBLIC_OPERATIONS } from '../../src/http/public-operations';
import { expectGoldenJson } from './golden-file';

interface Content {
  readonly schema?: Record<string, unknown>;
  readonly example?: unknown;
}
interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security: readonly unknown[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: unknown }[];
  readonly requestBody?: { readonly content: Record<string, Content> };
  readonly responses: Record<string, { readonly description: string; readonly content?: Record<string, Content> }>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, { readonly example?: unknown }> };
}

const routes = allRoutes({} as UseCases, loadConfig({}));
const document = JSON.parse(JSON.stringify(openApiDocument(routes, '0.0.0'))) as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, path, method, operation })),
);

function* references(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === '$ref') yield String(inner);
    else yield* references(inner);
  }
}

const resolve = (reference: string): unknown =>
  reference
    .slice(2)
    .split('/')
    .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], document);

describe('the OpenAPI document', () => {
  it('is the one kept', () => {
    expectGoldenJson('openapi.json', document);
  });

  it('is version 3.1 and describes every route and every public address', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(operations.map(({ name }) => name).sort()).toEqual(
      [...routes, ...PUBLIC_OPERATIONS].map(({ method, path }) => `${method} ${path}`).sort(),
    );
  });

  it('resolves every reference, and uses every component', () => {
    const all = [...references(document)];
    expect(all.length).toBeGreaterThan(50);
    expect(all.filter((reference) => !reference.startsWith('#/') || resolve(reference) === undefined)).toEqual([]);
    const unused = Object.keys(document.components.schemas).filter(
      (name) => !all.includes(`#/components/schemas/${name}`),
    );
    expect(unused).toEqual([]);
  });

  it('names every operation once', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^[a-z][a-z0-9_]*$/.test(id))).toEqual([]);
  });

  it('declares every parameter of a path', () => {
    const wrong = operations.filter(({ path, operation }) => {
      const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const given = (operation.parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => name);
      return JSON.stringify(wanted) !== JSON.stringify(given);
    });
    expect(wrong).toEqual([]);
  });

  it.each(operations.map((one) => [one.name, one] as const))('describes the answers of %s', (_name, one) => {
    const { responses, security } = one.operation;
    const statuses = Object.keys(responses);
    expect(statuses.some((status) => /^[23]/.test(status))).toBe(true);
    for (const [status, { description, content }] of Object.entries(responses)) {
      expect(description).not.toBe('');
      if (security.length > 0 && status.startsWith('4')) {
        expect(content?.['application/problem+json']?.schema).toEqual({ $ref: '#/components/schemas/Problem' });
      }
      for (const { schema } of Object.values(content ?? {})) expect(schema).toBeDefined();
    }
    if (security.length > 0) expect(statuses).toEqual(expect.arrayContaining(['401', '403', '500']));
  });

  it('asks for a key, with its scope, exactly where the route has one', () => {
    for (const route of routes) {
      const operation = document.paths[route.path]?.[route.method] as Operation & Record<string, unknown>;
      expect(operation.security).toEqual([{ apiKey: [] }]);
      expect(operation['x-required-scope']).toBe(route.scope);
    }
    for (const { path, method, auth } of PUBLIC_OPERATIONS) {
      const operation = document.paths[path]?.[method] as Operation & Record<string, unknown>;
      expect(operation.security).toEqual([]);
      expect(operation['x-auth']).toBe(auth);
    }
  });
});

describe('the examples', () => {
  const withBody = routes.filter((route) => route.body !== undefined);

  it('exist for every body, and every body accepts its own', () => {
    expect(withBody.length).toBeGreaterThan(10);
    for (const route of withBody) {
      expect([route.path, route.body?.safeParse(route.bodyExample).error]).toEqual([route.path, undefined]);
    }
  });

  it('exist for every answer, and every answer accepts its own', () => {
    let checked = 0;
    const replies = [...routes, ...PUBLIC_OPERATIONS].flatMap(({ path, replies }) =>
      Object.values(replies).flatMap((reply) => (reply.schema === undefined ? [] : [{ path, reply }])),
    );
    for (const { path, reply } of replies) {
      const example = reply.example ?? exampleOf(reply.schema);
      expect([path, example]).not.toEqual([path, undefined]);
      expect([path, reply.schema?.safeParse(example).error]).toEqual([path, undefined]);
      checked += 1;
    }
    expect(checked).toBeGreaterThan(30);
  });

  /** Its own, or a list of one of its items'. */
  function exampleOf(schema: unknown): unknown {
    const { meta, shape } = schema as {
      meta: () => { example?: unknown } | undefined;
      shape?: { data?: { element?: { meta: () => { example?: unknown } | undefined } } };
    };
    const item = shape?.data?.element?.meta()?.example;
    if (item !== undefined) return { data: [item], pagination: { next_cursor: null, has_more: false } };
    return meta.call(schema)?.example;
  }
});
