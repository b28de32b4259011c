import http from 'node:http';
import { randomBytes } from 'node:crypto';
import express, { type Router } from 'express';
import { UserError } from '../kernel/errors';
import { createControlRoutes } from './control-routes';
import { createEmitter } from './emitter';
import { Faults } from './faults';
import { createGraph } from './graph';
import { createDebugToken, createRoutes } from './page-endpoints';
import { PersonActs } from './person-acts';
import { createPhoneRoutes } from './phone-routes';
import { sameOriginOnly } from './same-origin';
import type { Limits, Sandbox, SandboxOptions, StateQuery, WebhookSettings } from './sandbox.types';
import { SendEndpoint } from './send-endpoint';
import { SnapshotFile } from './snapshot';
import { viewState } from './state-view';
import { WebhookOutbox } from './webhook-outbox';
import { World } from './world';

const DEFAULT_LIMITS: Limits = {
  callsPerSecond: 300,
  mediaCallsPerSecond: 10,
  conversationCallsPerSecond: 2,
  freezeAbovePerSecond: 0,
  profileCallsPer10Min: 0,
  adWindowHours: 24,
};
const DEFAULT_WEBHOOKS: WebhookSettings = {
  concurrency: 4,
  maxEventsPerBody: 100,
  packEntries: false,
  retryBaseMs: 250,
  timeoutMs: 5_000,
  giveUpAfterMs: 36 * 3_600_000,
};
const SNAPSHOT_EVERY_MS = 2_000;

/** The plain handler of Graph calls, for a server that wants no framework on the send path. */
export interface SandboxParts {
  readonly sandbox: Sandbox;
  readonly graph: (req: http.IncomingMessage, res: http.ServerResponse, url: string) => void;
}

/** A simulated Messenger Platform. Nothing runs before `start()`. */
export function createSandbox(options: SandboxOptions): Sandbox {
  return createSandboxParts(options).sandbox;
}

export function createSandboxParts(options: SandboxOptions): SandboxParts {
  checkOptions(options);
  const world = new World(options);
  const faults = new Faults({ ...DEFAULT_LIMITS, ...options.limits });
  const outbox = new WebhookOutbox({
    url: () => webhookUrl(options),
    secret: options.appSecret,
    clock: options.clock,
    settings: { ...DEFAULT_WEBHOOKS, ...options.webhooks },
    faults,
  });
  const emitter = createEmitter(outbox, options.appId, () => world.nowMs());
  const acts = new PersonActs(world, faults, emitter);
  const graph = createGraph({
    world,
    faults,
    sends: new SendEndpoint(world, faults, emitter, sendSettings(options)),
    routes: createRoutes({ world, faults, appId: options.appId }),
    debugToken: createDebugToken(world, { id: options.appId, secret: options.appSecret }),
    appSecret: options.appSecret,
    latencyMs: options.latencyMs ?? 0,
  });
  const state = (query?: StateQuery): ReturnType<Sandbox['state']> => viewState(world, outbox.totalsNow, query);
  const timers = new Set<NodeJS.Timeout>();
  const router = express.Router();
  router.use('/graph', (req, res) => graph(req, res, req.url));
  router.use(sameOriginOnly, createControlRoutes({ world, faults, acts, outbox, state, timers }));
  router.use('/phone', createPhoneRoutes({ world, acts }));
  const lifecycle = createLifecycle(options, world, outbox, timers);
  return { graph, sandbox: assemble(options, { router, world, state, lifecycle }) };
}

interface Assembly {
  readonly router: Router;
  readonly world: World;
  readonly state: Sandbox['state'];
  readonly lifecycle: Pick<Sandbox, 'start' | 'close'>;
}

function assemble(options: SandboxOptions, { router, world, state, lifecycle }: Assembly): Sandbox {
  return {
    router,
    pages: world.pages.map(({ id, name, token }) => ({ id, name, token })),
    ...lifecycle,
    state,
    verifyWebhook: () => shakeHands(webhookUrl(options), options.verifyToken),
  };
}

const webhookUrl = (options: SandboxOptions): string =>
  typeof options.webhookUrl === 'string' ? options.webhookUrl : options.webhookUrl();

function checkOptions(options: SandboxOptions): void {
  if (!/^\d{1,19}$/.test(options.appId)) throw new UserError('sandbox-app-id', 'The app id must be digits.');
  if (options.statePath !== undefined && options.stateKey?.length !== 32) {
    throw new UserError('sandbox-state-key', 'A state file needs a key of 32 bytes.');
  }
}

function sendSettings(options: SandboxOptions): ConstructorParameters<typeof SendEndpoint>[3] {
  return {
    echoes: options.echoes ?? true,
    deliveries: options.deliveries ?? true,
    reads: options.reads ?? false,
    acceptUnknownRecipients: options.acceptUnknownRecipients ?? false,
  };
}

function createLifecycle(
  options: SandboxOptions,
  world: World,
  outbox: WebhookOutbox,
  timers: Set<NodeJS.Timeout>,
): Pick<Sandbox, 'start' | 'close'> {
  const { statePath, stateKey } = options;
  const file = statePath !== undefined && stateKey !== undefined ? new SnapshotFile(statePath, stateKey) : undefined;
  let savedVersion = 0;
  let ticking: NodeJS.Timeout | undefined;
  const saveIfDirty = (): void => {
    if (file === undefined || world.version === savedVersion) return;
    savedVersion = world.version;
    // A full disk must not end the program: the next tick tries again, and close() reports it.
    file.save(world, outbox).catch(() => {
      savedVersion = -1;
    });
  };
  return {
    start: async () => {
      await file?.load(world, outbox);
      savedVersion = world.version;
      if (file !== undefined) ticking = setInterval(saveIfDirty, SNAPSHOT_EVERY_MS).unref();
      outbox.start();
    },
    close: async () => {
      clearInterval(ticking);
      for (const timer of timers) clearInterval(timer);
      timers.clear();
      outbox.close();
      await file?.save(world, outbox);
    },
  };
}

/** GET with a random challenge; the answer must be 200 and the same text. */
function shakeHands(url: string, verifyToken: string): Promise<boolean> {
  const challenge = String(randomBytes(4).readUInt32BE());
  const target = new URL(url);
  target.searchParams.set('hub.mode', 'subscribe');
  target.searchParams.set('hub.verify_token', verifyToken);
  target.searchParams.set('hub.challenge', challenge);
  return new Promise((resolve) => {
    const request = http.get(target, { timeout: 5_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(response.statusCode === 200 && text === challenge));
      response.on('error', () => resolve(false));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
