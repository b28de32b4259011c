import type { Router } from 'express';
import type { Clock } from '../kernel/clock';
import type { SlidingWindow } from './sliding-window';

export type Json = Record<string, unknown>;

/** Ceilings of the simulated platform. 0 switches one off. Source: messenger-platform overview, rate limiting. */
export interface Limits {
  callsPerSecond: number;
  mediaCallsPerSecond: number;
  conversationCallsPerSecond: number;
  /** The "high volume" rule: above this many sends in a second every send is refused until the volume falls. */
  freezeAbovePerSecond: number;
  profileCallsPer10Min: number;
  adWindowHours: number;
}

export interface WebhookSettings {
  concurrency: number;
  maxEventsPerBody: number;
  /** Puts the events of one Page into one entry. Meta documents one event an entry, but promises no more than an array. */
  packEntries: boolean;
  retryBaseMs: number;
  timeoutMs: number;
  giveUpAfterMs: number;
}

export interface SandboxOptions {
  /** Digits only: webhooks carry it as a JSON number. */
  readonly appId: string;
  readonly appSecret: string;
  readonly verifyToken: string;
  readonly webhookUrl: string | (() => string);
  /** Page ids and tokens are derived from it, so that a restart keeps them. */
  readonly seed: Buffer;
  readonly clock: Clock;
  readonly pages?: number;
  readonly statePath?: string;
  /** 32 bytes; needed with `statePath`. */
  readonly stateKey?: Buffer;
  readonly echoes?: boolean;
  readonly deliveries?: boolean;
  /** A read receipt follows each message by itself. Off: only the phone page or an event reads. */
  readonly reads?: boolean;
  readonly latencyMs?: number;
  readonly limits?: Partial<Limits>;
  readonly webhooks?: Partial<WebhookSettings>;
  /** Treats any numeric recipient as a person who has just written. For load runs whose people were never created here. */
  readonly acceptUnknownRecipients?: boolean;
  readonly maxReceipts?: number;
  /** Older messages keep their receipt but not their content. */
  readonly maxFullMessages?: number;
}

export interface PageKey {
  readonly id: string;
  readonly name: string;
  readonly token: string;
}

export interface Profile {
  first_name: string;
  last_name: string;
  locale: string;
  /** Hours from UTC, as the User Profile API gives it. */
  timezone: number;
}

/** One message of a thread. `body` is JSON with a `message` member, exactly as it came, or empty once dropped. */
export interface ThreadEntry {
  readonly n: number;
  readonly mid: string;
  readonly person: Person;
  readonly fromPage: boolean;
  readonly atMs: number;
  readonly metadata: string | undefined;
  body: string;
  edits: number;
}

export interface Person {
  readonly psid: string;
  readonly page: GraphPage;
  readonly name: string;
  /** Names the person in phone URLs, where a page-scoped id must not stand. Made on demand. */
  handle: string | undefined;
  profile: Profile | undefined;
  started: boolean;
  blocked: boolean;
  lastInboundAtMs: number;
  windowEndsAtMs: number;
  lastReadAtMs: number;
  marketingToken: string | undefined;
  received: number;
  thread: ThreadEntry[];
}

export interface MessageTemplate {
  readonly id: string;
  readonly name: string;
  readonly language: string;
  readonly components: unknown;
}

export interface GraphPage extends PageKey {
  readonly proof: string;
  readonly people: Map<string, Person>;
  readonly byName: Map<string, Person>;
  readonly attachments: Map<string, { readonly type: string; readonly atMs: number }>;
  readonly templates: Map<string, MessageTemplate>;
  readonly sends: SlidingWindow;
  readonly mediaSends: SlidingWindow;
  readonly conversationReads: SlidingWindow;
  readonly profileWrites: SlidingWindow;
  subscribedFields: ReadonlySet<string>;
  profile: Json;
  received: number;
}

export interface ReceiptView {
  mid: string;
  /** Wall time of the moment the POST arrived, counted on the monotonic clock; with a fraction. */
  at_ms: number;
  metadata: string | null;
  message: unknown;
}

export interface SandboxState {
  pages: {
    id: string;
    name: string;
    token: string;
    subscribed_fields: string[];
    people: number;
    received: number;
    calls: number;
    most_calls_in_any_second: number;
  }[];
  people: {
    psid: string;
    page_id: string;
    name: string;
    started: boolean;
    blocked: boolean;
    window_ends_at_ms: number;
    received_count: number;
    received: ReceiptView[];
  }[];
  totals: {
    people: number;
    calls: number;
    received: number;
    refused: number;
    mostCallsInAnySecond: number;
    webhooks: WebhookTotals;
  };
}

export interface WebhookTotals {
  events: number;
  bodies: number;
  delivered: number;
  failed_attempts: number;
  dropped: number;
  abandoned: number;
  pending: number;
}

export interface StateQuery {
  readonly pageId?: string;
  readonly summary?: boolean;
  readonly limit?: number;
  readonly after?: number;
}

export interface Sandbox {
  readonly router: Router;
  readonly pages: readonly PageKey[];
  start(): Promise<void>;
  close(): Promise<void>;
  state(query?: StateQuery): SandboxState;
  /** Meta's handshake with the webhook: true when the challenge came back as sent. */
  verifyWebhook(): Promise<boolean>;
}
