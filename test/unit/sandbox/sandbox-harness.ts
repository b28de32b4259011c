import { createHmac } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../../src/kernel/clock';
import type { PageKey, SandboxOptions } from '../../../src/sandbox/sandbox.types';
import { startSandboxServer, type SandboxServer } from '../../../src/sandbox/server';

export const APP = { id: '205552219930699', secret: 'app-secret', verifyToken: 'verify-me' };

export class ShiftedClock implements Clock {
  offsetMs = 0;
  /** Holds the monotonic clock still, so that any number of calls fall into one second. */
  heldAtMs: number | undefined;
  now(): Date {
    return new Date(Date.now() + this.offsetMs);
  }
  monotonicMs(): number {
    return this.heldAtMs ?? performance.now() + this.offsetMs;
  }
}

export interface Received {
  readonly text: string;
  readonly signed: boolean;
  readonly entries: { id: string; time: number; messaging: Record<string, unknown>[] }[];
}

/** The product's side of the webhook: checks the signature over the raw bytes and answers what the test wants. */
export class Hook {
  readonly bodies: Received[] = [];
  status = 200;
  private constructor(private readonly server: http.Server) {}

  static async open(): Promise<Hook> {
    const server = http.createServer();
    const hook = new Hook(server);
    server.on('request', (req: http.IncomingMessage, res: http.ServerResponse) => hook.answer(req, res));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return hook;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/webhook`;
  }

  /** Every messaging item, in the order of arrival. */
  get items(): Record<string, unknown>[] {
    return this.bodies.flatMap((body) => body.entries.flatMap((entry) => entry.messaging));
  }

  having(member: string): Record<string, unknown>[] {
    return this.items.filter((item) => member in item);
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private answer(req: http.IncomingMessage, res: http.ServerResponse): void {
    const url = new URL(req.url ?? '/', 'http://x');
    if (req.method === 'GET') {
      const right = url.searchParams.get('hub.verify_token') === APP.verifyToken;
      res.writeHead(right ? 200 : 403).end(right ? url.searchParams.get('hub.challenge') : '');
      return;
    }
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const expected = `sha256=${createHmac('sha256', APP.secret).update(bytes).digest('hex')}`;
      const text = bytes.toString('utf8');
      const entries = (readJson(text) as { entry?: Received['entries'] } | undefined)?.entry ?? [];
      const signed = req.headers['x-hub-signature-256'] === expected;
      this.bodies.push({ text, signed, entries });
      res.writeHead(this.status).end();
    });
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export const anyText: unknown = expect.any(String);
export const anyNumber: unknown = expect.any(Number);
export const like = (pattern: RegExp): unknown => expect.stringMatching(pattern) as unknown;

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

export class Rig {
  private constructor(
    readonly server: SandboxServer,
    readonly hook: Hook,
    readonly clock: ShiftedClock,
  ) {}

  static async open(overrides: Partial<SandboxOptions> = {}, fields = ALL_FIELDS): Promise<Rig> {
    const hook = await Hook.open();
    const clock = new ShiftedClock();
    const server = await startSandboxServer({
      appId: APP.id,
      appSecret: APP.secret,
      verifyToken: APP.verifyToken,
      webhookUrl: () => hook.url,
      seed: Buffer.from('a fixed seed'),
      clock,
      webhooks: { retryBaseMs: 10 },
      ...overrides,
    }).catch(async (error: unknown) => {
      await hook.close();
      throw error;
    });
    const rig = new Rig(server, hook, clock);
    if (fields !== '') for (const page of server.sandbox.pages) await rig.subscribe(page, fields);
    return rig;
  }

  get page(): PageKey {
    return this.server.sandbox.pages[0]!;
  }

  async close(): Promise<void> {
    await this.server.close();
    await this.hook.close();
  }

  async request(path: string, init: RequestInit = {}): Promise<Reply> {
    const answer = await fetch(`${this.server.url}${path}`, { redirect: 'manual', ...init });
    const text = await answer.text();
    return { status: answer.status, body: readJson(text) ?? text, headers: answer.headers };
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    return this.request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }

  graph(method: string, path: string, body?: unknown, token = this.page.token): Promise<Reply> {
    return this.request(`/graph/v25.0${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  send(body: unknown, page = this.page): Promise<Reply> {
    return this.graph('POST', `/${page.id}/messages`, body, page.token);
  }

  text(psid: string, text = 'hello', extra: Record<string, unknown> = {}): Promise<Reply> {
    return this.send({ recipient: { id: psid }, messaging_type: 'UPDATE', message: { text, ...extra } });
  }

  async act(event: Record<string, unknown>): Promise<{ psid: string; mid?: string }> {
    const reply = await this.post('/events', { page_id: this.page.id, person: 'ann', ...event });
    if (reply.status >= 300) throw new Error(`the act was refused: ${JSON.stringify(reply.body)}`);
    return reply.body as { psid: string; mid?: string };
  }

  faults(body: unknown): Promise<Reply> {
    return this.post('/faults', body);
  }

  private async subscribe(page: PageKey, fields: string): Promise<void> {
    const reply = await this.graph('POST', `/${page.id}/subscribed_apps?subscribed_fields=${fields}`, {}, page.token);
    if (reply.status !== 200) throw new Error('the subscription was refused');
  }
}

export const ALL_FIELDS =
  'messages,messaging_postbacks,messaging_optins,message_deliveries,message_reads,message_echoes,messaging_referrals,' +
  'message_reactions,message_edits,messaging_account_linking';

/** Polls until the condition holds; the test's own time limit ends it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('the condition never held');
    await pause(5);
  }
}
