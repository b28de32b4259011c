import type { Router } from 'express';
import { loadConfig } from '../../config/env';
import { allRoutes } from '../../src/compose/api';
import type { UseCases } from '../../src/compose/use-cases';
import { SCOPES } from '../../src/domain/accounts';
import { assetRoutes } from '../../src/http/assets.routes';
import { erasurePageRoutes } from '../../src/http/erasure.routes';
import { operationsRoutes } from '../../src/http/operations.routes';
import { personRoutes } from '../../src/http/person.routes';
import { personAccessRoutes } from '../../src/http/access.routes';
import { accountDeletionRoutes } from '../../src/http/account.routes';
import { metaRoutes } from '../../src/http/meta.routes';
import { privacyRoutes } from '../../src/http/privacy.routes';
import { DATA_MAP } from '../../src/domain/policies';
import { receiptRoutes } from '../../src/http/receipt.routes';
import { PUBLIC_OPERATIONS } from '../../src/http/public-operations';
import type { Route } from '../../src/http/route';
import { makeRouter, type RouterDeps } from '../../src/http/router';
import { webhookRoutes } from '../../src/http/webhook.routes';
import { expectGoldenText } from './golden-file';

const routes = allRoutes({} as UseCases, loadConfig({}));

/** What the express routers answer, without the answers to other methods. */
function reachable(...routers: Router[]): string[] {
  return routers.flatMap((router) =>
    router.stack.flatMap(({ route }) => {
      if (route === undefined) throw new Error('a router holds middleware without an address');
      const methods = route.stack.map((layer) => layer.method as string | undefined);
      return [...new Set(methods)].flatMap((method) =>
        method === undefined
          ? []
          : [`${method.toUpperCase()} ${route.path.replaceAll(/:(\w+)/g, '{$1}').replaceAll(/\*(\w+)/g, '{$1}')}`],
      );
    }),
  );
}

const nameOf = ({ method, path }: Pick<Route, 'method' | 'path'>): string => `${method.toUpperCase()} ${path}`;

function line(route: Route): string {
  const repeat = route.replay === undefined ? '-' : route.replay === 'again' ? 'read again' : 'once';
  return [nameOf(route).padEnd(52), (route.scope ?? 'PUBLIC').padEnd(18), repeat].join(' ').trimEnd();
}

describe('the routes', () => {
  it('are those of the table: method, path, scope, what an Idempotency-Key does', () => {
    const table = [
      ...routes.map(line),
      ...PUBLIC_OPERATIONS.map((operation) => [nameOf(operation).padEnd(52), operation.auth.padEnd(18), '-'].join(' ')),
    ];
    expect(table.length).toBeGreaterThan(30);
    expectGoldenText('routes.txt', `${table.sort().join('\n')}\n`);
  });

  it('are all that the routers answer', () => {
    const api = reachable(makeRouter(routes, {} as RouterDeps));
    expect(api.sort()).toEqual(routes.map(nameOf).sort());
    const others = reachable(
      operationsRoutes({} as Parameters<typeof operationsRoutes>[0]),
      assetRoutes(),
      personRoutes({} as Parameters<typeof personRoutes>[0]),
      receiptRoutes({} as Parameters<typeof receiptRoutes>[0]),
      personAccessRoutes({} as Parameters<typeof personAccessRoutes>[0]),
      metaRoutes({} as Parameters<typeof metaRoutes>[0]),
      accountDeletionRoutes({} as Parameters<typeof accountDeletionRoutes>[0]),
      privacyRoutes(DATA_MAP),
      erasurePageRoutes({} as Parameters<typeof erasurePageRoutes>[0]),
      webhookRoutes({} as Parameters<typeof webhookRoutes>[0]),
    );
    expect(others.sort()).toEqual(PUBLIC_OPERATIONS.map(nameOf).sort());
  });

  it('each ask for an API key with one of the known scopes', () => {
    expect(routes.filter((route) => route.scope === null || !SCOPES.includes(route.scope))).toEqual([]);
  });

  it('exist once', () => {
    const names = routes.map(nameOf);
    expect(new Set(names).size).toBe(names.length);
  });

  it('hold no page-scoped id and no query in the path', () => {
    expect(routes.filter(({ path }) => /psid|\?/.test(path))).toEqual([]);
  });

  it('honour an Idempotency-Key on every POST', () => {
    const posts = routes.filter(({ method }) => method === 'post');
    expect(posts.length).toBeGreaterThanOrEqual(12);
    expect(posts.filter(({ replay }) => replay === undefined)).toEqual([]);
    expect(routes.filter(({ method, replay }) => method !== 'post' && replay !== undefined)).toEqual([]);
    const [post] = posts;
    const careless = { ...post, replay: undefined } as Route;
    expect(() => makeRouter([careless], {} as RouterDeps)).toThrow('does not say what a repeated key is answered');
  });
});
