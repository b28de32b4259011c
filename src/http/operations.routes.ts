import { Router } from 'express';
import { refuseOtherMethods } from './other-methods';
import { facts } from './router';

/** One thing that must work before traffic is sent here. */
export interface ReadinessCheck {
  readonly name: 'database' | 'queue' | 'keys';
  readonly check: () => Promise<void>;
}

export interface OperationsDeps {
  readonly version: string;
  readonly readiness: readonly ReadinessCheck[];
  readonly renderMetrics: () => Promise<{ contentType: string; body: string }>;
  readonly document: unknown;
  readonly docsPage: string;
}

const CHECK_TIMEOUT_MS = 3_000;

/** Health, readiness, metrics and the API's own description. */
export function operationsRoutes(deps: OperationsDeps): Router {
  const router = Router();
  router.get('/healthz', (_req, res) => {
    facts(res).route = '/healthz';
    res.json({ status: 'ok', version: deps.version });
  });
  router.get('/readyz', async (_req, res) => {
    facts(res).route = '/readyz';
    const results = await Promise.all(deps.readiness.map(async (one) => [one.name, await passes(one)] as const));
    const ready = results.every(([, ok]) => ok);
    const checks = Object.fromEntries(results.map(([name, ok]) => [name, ok ? 'ok' : 'failed']));
    res.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not_ready', checks });
  });
  router.get('/metrics', async (_req, res) => {
    facts(res).route = '/metrics';
    const { contentType, body } = await deps.renderMetrics();
    res.setHeader('Content-Type', contentType);
    res.send(body);
  });
  router.get('/v1/openapi.json', (_req, res) => {
    facts(res).route = '/v1/openapi.json';
    res.json(deps.document);
  });
  router.get('/docs', (_req, res) => {
    facts(res).route = '/docs';
    res.type('html').send(deps.docsPage);
  });
  router.get('/', (_req, res) => {
    facts(res).route = '/';
    res.redirect('docs');
  });
  for (const path of ['/', '/healthz', '/readyz', '/metrics', '/v1/openapi.json', '/docs']) {
    refuseOtherMethods(router, path, ['GET']);
  }
  return router;
}

async function passes(one: ReadinessCheck): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, CHECK_TIMEOUT_MS);
  });
  const works = (async () => one.check())().then(
    () => true,
    () => false,
  );
  const passed = await Promise.race([works, late]);
  clearTimeout(timer);
  return passed;
}
