import { loadConfig } from '../../../config/env';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allRoutes } from '../../../src/compose/api';
import type { Infrastructure } from '../../../src/compose/infrastructure';
import { composeUseCases, type UseCases } from '../../../src/compose/use-cases';
import { makeCreateAccount, SCOPES, type Scope } from '../../../src/domain/accounts';
import type { KeyRing } from '../../../src/domain/keyring.types';
import type { RowId } from '../../../src/domain/sql.types';
import { makeApp } from '../../../src/http/app';
import { assetRoutes } from '../../../src/http/assets.routes';
import { docsPage } from '../../../src/http/docs-page';
import { openApiDocument, type OpenApiDocument } from '../../../src/http/openapi';
import { operationsRoutes } from '../../../src/http/operations.routes';
import { personRoutes } from '../../../src/http/person.routes';
import { erasurePageRoutes } from '../../../src/http/erasure.routes';
import { personAccessRoutes } from '../../../src/http/access.routes';
import { accountDeletionRoutes } from '../../../src/http/account.routes';
import { metaRoutes } from '../../../src/http/meta.routes';
import { privacyRoutes } from '../../../src/http/privacy.routes';
import { DATA_MAP } from '../../../src/domain/policies';
import { receiptRoutes } from '../../../src/http/receipt.routes';
import type { Route } from '../../../src/http/route';
import { makeRouter } from '../../../src/http/router';
import { bindServer } from '../../../src/http/server';
import { webhookRoutes } from '../../../src/http/webhook.routes';
import type { Job } from '../../../src/jobs';
import { systemClock } from '../../../src/kernel/clock';
import { randomIds } from '../../../src/kernel/ids';
import type { Log } from '../../../src/kernel/log';
import {
  checkpointFile,
  endedFiles,
  erasedAccountsFile,
  leafFile,
  openKeyRing,
  postgresRingRegistry,
} from '../../../src/platform/keyring';
import { signatureMatches } from '../../../src/platform/messenger/signature';
import { openMetrics } from '../../../src/platform/metrics/metrics';
import { openDatabase, type OpenDatabase } from '../../../src/platform/postgres/database';
import { startSandboxServer } from '../../../src/sandbox';
import { apiOf, type Api } from '../../support/api';
import { checkReplies } from '../../support/check-replies';
import { createTestDatabase } from '../../support/database';

export const APP_SECRET = 'an app secret of the sandbox';
export const OLD_APP_SECRET = 'the app secret before the last rotation';
export const VERIFY_TOKEN = 'a verify token';

export interface HttpAccount {
  readonly id: RowId;
  readonly api: Api;
  readonly key: string;
  /** Another key of the same account. */
  keyWith(scopes: readonly Scope[]): Promise<Api>;
}

export interface HttpWorld {
  readonly url: string;
  readonly db: OpenDatabase;
  readonly keyRing: KeyRing;
  readonly useCases: UseCases;
  readonly infrastructure: Infrastructure;
  readonly routes: readonly Route[];
  readonly document: OpenApiDocument;
  /** `METHOD path status` of every answer whose shape was checked. */
  readonly answered: Set<string>;
  readonly logged: string[];
  readonly dataDir: string;
  readonly jobs: Job[];
  forward(ms: number): void;
  account(email: string): Promise<HttpAccount>;
  /** A sandbox Page nobody has connected yet. */
  nextPage(): { readonly id: string; readonly name: string; readonly token: string };
  sandboxPage(pageId: string): { readonly id: string; readonly name: string; readonly token: string };
  connect(api: Api): Promise<{ readonly id: string; readonly pageId: string }>;
  /** A subscribed lead with an open window, made by a signed webhook. */
  lead(api: Api, pageId: string, psid: string): Promise<string>;
  webhook(body: Buffer | string, headers: Record<string, string>): Promise<Response>;
  close(): Promise<void>;
}

export const sign = (body: Buffer | string, secret: string = APP_SECRET): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

/** The whole API on a real port, over a real database and key ring, with the sandbox for Meta. */
export async function openHttpWorld(): Promise<HttpWorld> {
  const database = await createTestDatabase();
  const db = await openDatabase({ url: database.url, poolSize: 12, applicationName: 'http-test' });
  const dir = mkdtempSync(join(tmpdir(), 'assent-http-keys-'));
  let offsetMs = 0;
  const clock = { now: () => new Date(Date.now() + offsetMs), monotonicMs: () => systemClock.monotonicMs() };
  const ids = randomIds;
  const keyRing = await openKeyRing({ dir, seals: [randomBytes(32)], registry: postgresRingRegistry(db), clock, ids });
  const logged: string[] = [];
  const write = (...parts: unknown[]): void => void logged.push(JSON.stringify(parts));
  const log: Log = { event: write, warn: write, error: write };
  const jobs: Job[] = [];
  const metrics = openMetrics();
  const sandbox = await startSandboxServer({
    appId: '900100200300400',
    appSecret: APP_SECRET,
    verifyToken: VERIFY_TOKEN,
    webhookUrl: 'http://127.0.0.1:1/webhook',
    seed: Buffer.alloc(32, 5),
    clock: systemClock,
    pages: 30,
  });
  const infrastructure = {
    db,
    keyRing,
    checkpointCopy: checkpointFile(dir),
    leafCopy: leafFile(dir),
    erasedAccounts: erasedAccountsFile(dir),
    ended: endedFiles(dir),
    clock,
    ids,
    log,
    metrics,
    queue: { enqueue: (job: Job) => Promise.resolve(void jobs.push(job)) },
    config: loadConfig({ DATA_DIR: dir }),
  } as unknown as Infrastructure;
  const useCases = await composeUseCases(infrastructure, {
    messenger: {
      graphUrl: sandbox.graphUrl,
      appId: null,
      appSecrets: [APP_SECRET, OLD_APP_SECRET],
      verifyToken: VERIFY_TOKEN,
    },
    publicUrl: 'http://127.0.0.1',
  });
  const routes = allRoutes(useCases, loadConfig({}));
  const answered = new Set<string>();
  const document = openApiDocument(routes, '0.0.0');
  const server = await bindServer('127.0.0.1', 0);
  server.serve(
    makeApp({
      log,
      clock,
      ids,
      observe: (...request) => metrics.httpRequest(...request),
      beforeBodies: [
        {
          path: '/',
          router: webhookRoutes({
            verifyToken: VERIFY_TOKEN,
            signedBy: (bytes, header) => signatureMatches(bytes, header, [APP_SECRET, OLD_APP_SECRET]),
            store: useCases.storeWebhook,
            count: (result) => metrics.webhookBodies(result),
            log,
          }),
        },
      ],
      routers: [
        operationsRoutes({
          version: '0.0.0',
          readiness: [{ name: 'database', check: () => db.run('select 1').then(() => undefined) }],
          renderMetrics: () => metrics.render(),
          document,
          docsPage: docsPage(routes),
        }),
        assetRoutes(),
        personRoutes(useCases.person),
        receiptRoutes(useCases.person),
        personAccessRoutes(useCases.person),
        metaRoutes(useCases.metaRequests),
        accountDeletionRoutes(useCases.accountDeletion),
        privacyRoutes(DATA_MAP),
        erasurePageRoutes(useCases.erasurePage),
        makeRouter(checkReplies(routes, answered), {
          authenticate: useCases.authenticate,
          idempotency: { sql: db, clock, ids, fingerprintKey: () => keyRing.systemKey('idempotency') },
        }),
      ],
    }),
  );
  const createAccount = makeCreateAccount({ db, keyRing, clock, ids });
  const { pages } = sandbox.sandbox;
  let used = 0;
  const world: HttpWorld = {
    url: server.url,
    db,
    keyRing,
    useCases,
    infrastructure,
    routes,
    document,
    answered,
    logged,
    dataDir: dir,
    jobs,
    forward: (ms) => void (offsetMs += ms),
    account: async (email) => {
      const { account } = await createAccount({ email, name: 'A Shop' });
      const keyWith = async (scopes: readonly Scope[]) =>
        (await useCases.apiKeys.create({ accountId: account.id, scopes })).key;
      const key = await keyWith(SCOPES);
      return {
        id: account.id,
        key,
        api: apiOf(server.url, key),
        keyWith: async (scopes) => apiOf(server.url, await keyWith(scopes)),
      };
    },
    nextPage: () => pages[used++]!,
    sandboxPage: (pageId) => pages.find(({ id }) => id === pageId)!,
    connect: async (api) => {
      const page = world.nextPage();
      const body = { page_id: page.id, name: page.name, access_token: page.token };
      const { id } = await api.expect<{ id: string }>(201, 'POST', '/v1/pages', body);
      return { id, pageId: page.id };
    },
    lead: async (api, pageId, psid) => {
      const at = clock.now().getTime();
      const event = {
        sender: { id: psid },
        recipient: { id: pageId },
        timestamp: at,
        message: { mid: `m_${randomBytes(9).toString('base64url')}`, text: 'Hello' },
      };
      const body = JSON.stringify({ object: 'page', entry: [{ id: pageId, time: at, messaging: [event] }] });
      expect((await world.webhook(body, { 'x-hub-signature-256': sign(body) })).status).toBe(200);
      await useCases.work.drainInbox({ limit: 100 });
      const { id } = await api.expect<{ id: string }>(200, 'POST', '/v1/leads/lookup', { page_id: pageId, psid });
      await db.run('update lead set notice_shown_at = $2, notice_version = 1 where public_id = $1', [id, clock.now()]);
      return id;
    },
    webhook: (body, headers) =>
      fetch(`${server.url}/webhook`, {
        method: 'POST',
        body: typeof body === 'string' ? body : new Uint8Array(body),
        headers: { 'content-type': 'application/json', ...headers },
      }),
    close: async () => {
      await server.close();
      await useCases.close();
      await sandbox.close();
      await db.close();
      await database.drop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return world;
}
