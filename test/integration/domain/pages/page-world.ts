import {
  makeConnectPage,
  makeDisconnectPage,
  makeGetPage,
  makeListPages,
  makeUpdatePage,
  type PageDeps,
  type PageLedgerEntry,
} from '../../../../src/domain/pages';
import type { AccountRef } from '../../../../src/domain/accounts';
import { systemClock } from '../../../../src/kernel/clock';
import type { Log } from '../../../../src/kernel/log';
import { createGraphClient } from '../../../../src/platform/messenger/graph-client';
import { startSandboxServer } from '../../../../src/sandbox';
import { openAccountWorld, type AccountWorld } from '../accounts/account-world';

const APP_SECRET = 'an app secret of the sandbox';

export interface SandboxPage {
  readonly id: string;
  readonly name: string;
  readonly token: string;
}

export interface PageWorld extends AccountWorld {
  readonly ann: AccountRef;
  readonly bob: AccountRef;
  readonly deps: PageDeps;
  readonly entries: PageLedgerEntry[];
  readonly reopened: string[];
  readonly blocked: string[];
  readonly logged: string[];
  readonly connect: ReturnType<typeof makeConnectPage>;
  readonly update: ReturnType<typeof makeUpdatePage>;
  readonly disconnect: ReturnType<typeof makeDisconnectPage>;
  readonly get: ReturnType<typeof makeGetPage>;
  readonly list: ReturnType<typeof makeListPages>;
  /** A Page of the sandbox that no test of this file has used yet. */
  nextPage(): SandboxPage;
  /** The next calls of this edge are answered by the fault instead. */
  fault(endpoint: string, answer: unknown, match?: { times?: number; page_id?: string }): Promise<void>;
  clearFaults(): Promise<void>;
  fieldsAtMeta(pageId: string): readonly string[];
}

/** The account world with the sandbox for Meta and lists in the place of the later slices. */
export async function openPageWorld(): Promise<PageWorld> {
  const accounts = await openAccountWorld();
  const server = await startSandboxServer({
    appId: '1234',
    appSecret: APP_SECRET,
    verifyToken: 'verify-token',
    webhookUrl: 'http://127.0.0.1:1/webhook',
    seed: Buffer.alloc(32, 3),
    clock: systemClock,
    pages: 40,
  });
  const graph = createGraphClient({ baseUrl: server.graphUrl, version: 'v25.0', appSecret: APP_SECRET });
  const entries: PageLedgerEntry[] = [];
  const reopened: string[] = [];
  const blocked: string[] = [];
  const logged: string[] = [];
  const write = (...parts: unknown[]) => void logged.push(JSON.stringify(parts));
  const log: Log = { event: write, warn: write, error: write };
  const deps: PageDeps = {
    ...accounts,
    log,
    graph,
    appendSystemEntry: (_tx, entry) => Promise.resolve(entries.push(entry)),
    reopenBroadcasts: (_tx, pageId) => Promise.resolve(reopened.push(pageId)),
    blockBroadcasts: (_tx, pageId, reason) => Promise.resolve(blocked.push(`${pageId} ${reason}`)),
  };
  let used = 0;
  return {
    ...accounts,
    ann: await accounts.account('ann@example.com'),
    bob: await accounts.account('bob@example.com'),
    deps,
    entries,
    reopened,
    blocked,
    logged,
    connect: makeConnectPage(deps),
    update: makeUpdatePage(deps),
    disconnect: makeDisconnectPage(deps),
    get: makeGetPage(deps),
    list: makeListPages(deps),
    nextPage: () => server.sandbox.pages[used++]!,
    fault: async (endpoint, answer, match = {}) => {
      const response = await fetch(`${server.url}/faults`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ match: { endpoint, ...match }, answer }),
      });
      if (!response.ok) throw new Error(`the sandbox refused the fault: ${await response.text()}`);
    },
    clearFaults: async () => {
      await fetch(`${server.url}/faults`, { method: 'DELETE' });
    },
    fieldsAtMeta: (pageId) => server.sandbox.state().pages.find(({ id }) => id === pageId)!.subscribed_fields,
    close: async () => {
      graph.close();
      await server.close();
      await accounts.close();
    },
  };
}
