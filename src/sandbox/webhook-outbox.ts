import { createHmac } from 'node:crypto';
import http from 'node:http';
import type { Clock } from '../kernel/clock';
import type { Faults } from './faults';
import type { WebhookSettings, WebhookTotals } from './sandbox.types';
import { escapeUnicode } from './wire-json';

interface Item {
  readonly pageId: string;
  readonly json: string;
  readonly atMs: number;
}

interface Body {
  readonly text: string;
  readonly firstTriedMs: number;
  attempt: number;
}

const PUMP_SPACING_MS = 8;
const MAX_QUEUED = 500_000;
const MAX_BODY_CHARS = 250_000;
const REORDER_HOLD_MS = 100;

export interface OutboxOptions {
  readonly url: () => string;
  readonly secret: string;
  readonly clock: Clock;
  readonly settings: WebhookSettings;
  readonly faults: Faults;
}

/** Signs events and posts them to the webhook, at least once: in batches under load, again and again until a 200. */
export class WebhookOutbox {
  private items: Item[] = [];
  private bodies: Body[] = [];
  private held: Item[] = [];
  private heldTimer: NodeJS.Timeout | undefined;
  private readonly retries = new Map<NodeJS.Timeout, Body>();
  private readonly inFlight = new Map<http.ClientRequest, Body>();
  private readonly agent: http.Agent;
  private scheduled = false;
  private running = false;
  private lastPumpMs = -PUMP_SPACING_MS;
  private dropTurn = 0;
  private readonly totals = { events: 0, bodies: 0, delivered: 0, failed_attempts: 0, dropped: 0, abandoned: 0 };

  constructor(private readonly options: OutboxOptions) {
    this.agent = new http.Agent({ keepAlive: true, maxSockets: options.settings.concurrency });
  }

  start(): void {
    this.running = true;
    this.schedule();
  }

  /** Stops at once. What was not acknowledged stays in `unsent()`. */
  close(): void {
    this.running = false;
    clearTimeout(this.heldTimer);
    for (const [timer, body] of this.retries) {
      clearTimeout(timer);
      this.bodies.push(body);
    }
    this.retries.clear();
    for (const [request, body] of this.inFlight) {
      this.bodies.push(body);
      request.destroy();
    }
    this.inFlight.clear();
    this.agent.destroy();
  }

  /** Bodies that still wait for their 200, as exact texts. */
  unsent(max: number): string[] {
    const waiting = [...this.retries.values(), ...this.inFlight.values(), ...this.bodies].map((body) => body.text);
    const rest = [...this.items, ...this.held].slice(0, max * 50);
    for (let index = 0; index < rest.length && waiting.length < max; index += 50) {
      waiting.push(render(rest.slice(index, index + 50), this.options.settings.packEntries));
    }
    return waiting.slice(0, max);
  }

  get totalsNow(): WebhookTotals {
    const pending = this.items.length + this.held.length + this.bodies.length + this.retries.size + this.inFlight.size;
    return { ...this.totals, pending };
  }

  /** Queues one messaging item; `field` is the subscribed field that it comes by. */
  push(pageId: string, field: string, json: string, atMs: number): void {
    this.totals.events += 1;
    const item = { pageId, json, atMs };
    const faults = this.options.faults.webhooks;
    if (faults.fields !== undefined && !faults.fields.includes(field)) {
      this.accept(item);
      return;
    }
    if (faults.drop_every > 0 && ++this.dropTurn % faults.drop_every === 0) {
      this.totals.dropped += 1;
      return;
    }
    for (let copy = 0; copy <= faults.duplicate; copy += 1) {
      if (faults.reorder_window > 1) this.hold(item, faults.reorder_window);
      else this.accept(item);
    }
  }

  /** Queues an exact body. */
  pushBody(text: string): void {
    this.bodies.push({ text, firstTriedMs: this.options.clock.monotonicMs(), attempt: 0 });
    this.totals.bodies += 1;
    this.schedule();
  }

  private accept(item: Item): void {
    if (this.items.length >= MAX_QUEUED) {
      this.totals.abandoned += 1;
      return;
    }
    this.items.push(item);
    this.schedule();
  }

  private hold(item: Item, window: number): void {
    this.held.push(item);
    if (this.held.length >= window) this.releaseHeld();
    else this.heldTimer ??= setTimeout(() => this.releaseHeld(), REORDER_HOLD_MS);
  }

  private releaseHeld(): void {
    clearTimeout(this.heldTimer);
    this.heldTimer = undefined;
    const items = this.held.reverse();
    this.held = [];
    for (const item of items) this.accept(item);
  }

  /** The first event leaves at once; under load the pumps keep a distance, so that events gather into bodies. */
  private schedule(): void {
    if (this.scheduled || !this.running) return;
    this.scheduled = true;
    const waitMs = this.lastPumpMs + PUMP_SPACING_MS - this.options.clock.monotonicMs();
    const pump = (): void => {
      this.scheduled = false;
      this.lastPumpMs = this.options.clock.monotonicMs();
      this.pump();
    };
    if (waitMs <= 0) setImmediate(pump);
    else setTimeout(pump, Math.min(waitMs, PUMP_SPACING_MS));
  }

  private pump(): void {
    const { concurrency } = this.options.settings;
    while (this.running && this.inFlight.size < concurrency) {
      const body = this.bodies.shift() ?? this.nextBatch();
      if (body === undefined) return;
      this.post(body);
    }
  }

  private nextBatch(): Body | undefined {
    if (this.items.length === 0) return undefined;
    let chars = 0;
    let count = 0;
    while (count < this.items.length && count < this.options.settings.maxEventsPerBody && chars < MAX_BODY_CHARS) {
      chars += this.items[count]?.json.length ?? 0;
      count += 1;
    }
    const batch = this.items.splice(0, count);
    this.totals.bodies += 1;
    return {
      text: render(batch, this.options.settings.packEntries),
      firstTriedMs: this.options.clock.monotonicMs(),
      attempt: 0,
    };
  }

  private post(body: Body): void {
    const bytes = Buffer.from(body.text, 'utf8');
    let request: http.ClientRequest;
    try {
      request = http.request(this.options.url(), {
        method: 'POST',
        agent: this.agent,
        headers: {
          'content-type': 'application/json',
          'content-length': bytes.length,
          'user-agent': 'facebookexternalua',
          'x-hub-signature': `sha1=${createHmac('sha1', this.options.secret).update(bytes).digest('hex')}`,
          'x-hub-signature-256': `sha256=${createHmac('sha256', this.options.secret).update(bytes).digest('hex')}`,
        },
      });
    } catch {
      this.retry(body);
      return;
    }
    this.inFlight.set(request, body);
    request.setTimeout(this.options.settings.timeoutMs, () => request.destroy(new Error('no answer in time')));
    request.on('error', () => this.settle(request, false));
    request.on('response', (response) => {
      response.resume();
      response.on('error', () => undefined);
      response.on('close', () => this.settle(request, response.complete && response.statusCode === 200));
    });
    request.end(bytes);
  }

  private settle(request: http.ClientRequest, delivered: boolean): void {
    const body = this.inFlight.get(request);
    if (body === undefined) return;
    this.inFlight.delete(request);
    if (delivered) this.totals.delivered += 1;
    else this.retry(body);
    if (this.items.length > 0 || this.bodies.length > 0) this.schedule();
  }

  private retry(body: Body): void {
    const { retryBaseMs, giveUpAfterMs } = this.options.settings;
    this.totals.failed_attempts += 1;
    if (this.options.clock.monotonicMs() - body.firstTriedMs > giveUpAfterMs) {
      this.totals.abandoned += 1;
      return;
    }
    const delayMs = Math.min(60_000, retryBaseMs * 2 ** Math.min(body.attempt, 16));
    body.attempt += 1;
    const timer = setTimeout(() => {
      this.retries.delete(timer);
      this.bodies.push(body);
      this.schedule();
    }, delayMs);
    this.retries.set(timer, body);
  }
}

function render(items: readonly Item[], packEntries: boolean): string {
  const entries = packEntries ? packed(items) : items.map((item) => entry(item, item.json));
  return escapeUnicode(`{"object":"page","entry":[${entries.join(',')}]}`);
}

function packed(items: readonly Item[]): string[] {
  const byPage = new Map<string, Item[]>();
  for (const item of items) {
    const list = byPage.get(item.pageId);
    if (list === undefined) byPage.set(item.pageId, [item]);
    else list.push(item);
  }
  return [...byPage.values()].flatMap((list) => {
    const first = list[0];
    return first === undefined ? [] : [entry(first, list.map((item) => item.json).join(','))];
  });
}

const entry = (item: Item, messaging: string): string =>
  `{"id":"${item.pageId}","time":${item.atMs},"messaging":[${messaging}]}`;
