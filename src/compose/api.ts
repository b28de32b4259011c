import type { Config } from '../../config/env';
import { anchorsRoutes } from '../http/anchors.routes';
import { makeApp } from '../http/app';
import { apiKeysRoutes } from '../http/api-keys.routes';
import { assetRoutes } from '../http/assets.routes';
import { broadcastsRoutes } from '../http/broadcasts.routes';
import { erasurePageRoutes, erasuresRoutes } from '../http/erasure.routes';
import { docsPage } from '../http/docs-page';
import { leadsRoutes } from '../http/leads.routes';
import { openApiDocument } from '../http/openapi';
import { logRoutes } from '../http/log.routes';
import { operationsRoutes } from '../http/operations.routes';
import { pagesRoutes } from '../http/pages.routes';
import { personRoutes } from '../http/person.routes';
import { proofsRoutes } from '../http/proofs.routes';
import { accessRoutes, personAccessRoutes } from '../http/access.routes';
import { subscriptionRoutes } from '../http/subscription.routes';
import { retentionRoutes } from '../http/retention.routes';
import { accountDeletionRoutes, accountRoutes } from '../http/account.routes';
import { backupRoutes } from '../http/backup.routes';
import { importRoutes } from '../http/import.routes';
import { metaRoutes } from '../http/meta.routes';
import { privacyRoutes } from '../http/privacy.routes';
import { hasAccounts } from '../domain/accounts';
import { DATA_MAP } from '../domain/policies';
import { recipientsRoutes } from '../http/recipients.routes';
import { receiptRoutes } from '../http/receipt.routes';
import type { Route } from '../http/route';
import { makeRouter } from '../http/router';
import { bindServer, type BoundServer } from '../http/server';
import { webhookRoutes } from '../http/webhook.routes';
import { OperationalError } from '../kernel/errors';
import { signatureMatches } from '../platform/messenger/signature';
import type { Sandbox } from '../sandbox';
import { anchorWarning } from './anchors';
import { openInfrastructure, type Infrastructure } from './infrastructure';
import type { Running } from './program';
import { isSandboxed, messengerIdentity, openSandbox, sandboxPages, type MessengerIdentity } from './sandbox';
import { composeUseCases, type UseCases } from './use-cases';
import { VERSION } from './version';

interface RunningApi {
  readonly url: string;
  readonly useCases: UseCases;
  close(): Promise<void>;
}

/** The whole route list; the OpenAPI document, `/docs` and the golden table are made from the same. */
export const allRoutes = (useCases: UseCases, { ledger }: Pick<Config, 'ledger'>): Route[] => [
  ...pagesRoutes(useCases.pages),
  ...leadsRoutes(useCases.leads),
  ...accessRoutes(useCases.access),
  ...accountRoutes(useCases.account),
  ...retentionRoutes(useCases.retention),
  ...subscriptionRoutes(useCases.subscription),
  ...backupRoutes(useCases.backups),
  ...importRoutes(useCases.backups),
  ...recipientsRoutes(useCases.recipients),
  ...erasuresRoutes(useCases.erasures),
  ...broadcastsRoutes(useCases.broadcasts),
  ...apiKeysRoutes(useCases.apiKeys),
  ...logRoutes(useCases.readLog, ledger.isPublic),
  ...anchorsRoutes(useCases),
  ...proofsRoutes(useCases.proofs),
];

/** Puts the API behind a server that has its port already, and starts the sandbox when Messenger is not real. */
async function openApi(infrastructure: Infrastructure, server: BoundServer): Promise<RunningApi> {
  const { config } = infrastructure;
  const messenger = messengerIdentity(infrastructure, server.url);
  const publicUrl = config.http.publicUrl ?? server.url;
  const useCases = await composeUseCases(infrastructure, { messenger, publicUrl });
  const sandbox =
    isSandboxed(infrastructure) && config.meta.graphUrl === null
      ? openSandbox(infrastructure, `${server.url}/webhook`)
      : null;
  server.serve(application(infrastructure, { useCases, messenger, sandbox }));
  await sandbox?.start();
  return {
    url: server.url,
    useCases,
    close: async () => {
      await sandbox?.close();
      await useCases.close();
    },
  };
}

export interface ApiProcess extends Running {
  readonly infrastructure: Infrastructure;
  readonly useCases: UseCases;
  /** Where to go next, for the person who started the program. */
  readonly readyMessage: string;
}

/**
 * Takes the port, then opens everything behind it. What was opened is closed again when a later step fails.
 *
 * @throws {UserError | OperationalError} with one sentence for the operator
 */
export async function startApi(config: Config, role: 'api' | 'all', say: (text: string) => void): Promise<ApiProcess> {
  const server = await bindServer(config.http.host, config.http.port);
  let infrastructure: Infrastructure | undefined;
  try {
    const opened = await openInfrastructure(config, { role, say });
    infrastructure = opened;
    const api = await openApi(opened, server);
    const warning = anchorWarning(config, await api.useCases.readAnchors());
    if (warning !== null) opened.log.warn('anchor.none_independent');
    return {
      infrastructure: opened,
      useCases: api.useCases,
      readyMessage: readyMessage(opened, api, { warning, isEmpty: !(await hasAccounts(opened.db)) }),
      stop: async () => {
        await server.close();
        await api.close();
        await opened.close();
      },
    };
  } catch (error) {
    await server.close();
    await infrastructure?.close();
    throw error;
  }
}

interface Parts {
  readonly useCases: UseCases;
  readonly messenger: MessengerIdentity;
  readonly sandbox: Sandbox | null;
}

function application(infrastructure: Infrastructure, { useCases, messenger, sandbox }: Parts) {
  const { clock, config, ids, log, metrics, db } = infrastructure;
  const routes = allRoutes(useCases, config);
  const webhook = webhookRoutes({
    verifyToken: messenger.verifyToken,
    signedBy: (bytes, header) => signatureMatches(bytes, header, messenger.appSecrets),
    store: useCases.storeWebhook,
    count: (result) => metrics.webhookBodies(result),
    log,
  });
  const operations = operationsRoutes({
    version: VERSION,
    readiness: readiness(infrastructure),
    renderMetrics: () => metrics.render(),
    document: openApiDocument(routes, VERSION),
    docsPage: docsPage(routes),
  });
  const api = makeRouter(routes, {
    authenticate: useCases.authenticate,
    idempotency: { sql: db, clock, ids, fingerprintKey: () => infrastructure.keyRing.systemKey('idempotency') },
  });
  return makeApp({
    log,
    clock,
    ids,
    observe: (route, method, status, seconds) => metrics.httpRequest(route, method, status, seconds),
    beforeBodies: [
      { path: '/', router: webhook },
      ...(sandbox === null ? [] : [{ path: '/sandbox', router: sandbox.router }]),
    ],
    routers: [
      operations,
      assetRoutes(),
      personRoutes(useCases.person),
      receiptRoutes(useCases.person),
      personAccessRoutes(useCases.person),
      metaRoutes(useCases.metaRequests),
      accountDeletionRoutes(useCases.accountDeletion),
      privacyRoutes(DATA_MAP),
      erasurePageRoutes(useCases.erasurePage),
      api,
    ],
  });
}

function readiness({ db, queue, keyRing }: Infrastructure) {
  return [
    {
      name: 'database' as const,
      check: async () => {
        await db.run('select 1');
      },
    },
    { name: 'queue' as const, check: () => queue.ping() },
    {
      name: 'keys' as const,
      check: async () => {
        const verdict = await keyRing.verifyAgainstRegistry();
        if (!verdict.ok)
          throw new OperationalError('key_ring_mismatch', 'the key ring does not agree with the database');
      },
    },
  ];
}

interface AtStart {
  /** Of anchors. */
  readonly warning: string | null;
  /** There is no account yet. */
  readonly isEmpty: boolean;
}

/** What is printed when the program is ready: where to go next. */
function readyMessage(infrastructure: Infrastructure, api: RunningApi, { warning, isEmpty }: AtStart): string {
  const lines = [`Assent ${VERSION} is ready.`, `  API        ${api.url}/v1`, `  API docs   ${api.url}/docs`];
  const [first] = sandboxPages(infrastructure);
  if (first !== undefined) {
    lines.push(
      `  Phone      ${api.url}/sandbox/phone`,
      `  Sandbox Page to connect: page_id ${first.id}, name "${first.name}"`,
      `  its access_token ${first.token}`,
    );
    if (isEmpty)
      lines.push(`  First account: npm run -s assent -- account create --email you@example.com --name "Your name"`);
  }
  if (warning !== null) lines.push(`  ${warning}`);
  return `${lines.join('\n')}\n`;
}
