import { createHmac } from 'node:crypto';
import type { Clock } from '../kernel/clock';
import { createMidSource, derivePages, newHandle, newPsid } from './identity';
import type { GraphPage, PageKey, Person, Profile, SandboxOptions, ThreadEntry } from './sandbox.types';
import { SlidingWindow } from './sliding-window';

const MAX_THREAD = 200;
const LOCALES = ['en_US', 'de_DE', 'es_ES', 'fr_FR', 'pt_BR', 'hi_IN'];
const UTC_OFFSETS = [-7, 1, 2, 0, -3, 5.5];

export interface EntryDraft {
  readonly mid: string;
  readonly fromPage: boolean;
  readonly atMs: number;
  readonly body: string;
  readonly metadata?: string | undefined;
}

/** Everything the simulated platform remembers: Pages, people, threads and the receipts of sends. */
export class World {
  readonly pages: readonly GraphPage[];
  readonly receipts: ThreadEntry[] = [];
  /** Number of the oldest receipt still held. */
  firstReceipt = 0;
  refused = 0;
  /** Grows with every change; the snapshot and the phone compare it. */
  version = 0;
  readonly nextMid = createMidSource();
  private readonly byId = new Map<string, GraphPage>();
  private readonly byToken = new Map<string, GraphPage>();
  private readonly byHandle = new Map<string, Person>();
  private readonly maxReceipts: number;
  private readonly maxFull: number;
  private readonly originMs: number;
  readonly clock: Clock;

  constructor(options: SandboxOptions) {
    this.clock = options.clock;
    this.maxReceipts = options.maxReceipts ?? 2_000_000;
    this.maxFull = options.maxFullMessages ?? 50_000;
    this.originMs = this.clock.now().getTime() - this.clock.monotonicMs();
    this.pages = derivePages(options.seed, options.pages ?? 1).map((key) => newPage(key, options.appSecret));
    for (const page of this.pages) {
      this.byId.set(page.id, page);
      this.byToken.set(page.token, page);
    }
  }

  nowMs(): number {
    return this.clock.now().getTime();
  }

  /** Wall time that never goes back: the wall clock at the start plus what the monotonic clock has run since. */
  steadyMs(): number {
    return this.originMs + this.clock.monotonicMs();
  }

  page(id: string): GraphPage | undefined {
    return this.byId.get(id);
  }

  pageOfToken(token: string): GraphPage | undefined {
    return this.byToken.get(token);
  }

  personByName(page: GraphPage, name: string): Person {
    return page.byName.get(name) ?? this.addPerson(page, name, newPsid());
  }

  addPerson(page: GraphPage, name: string, psid: string): Person {
    const person: Person = {
      psid,
      page,
      name,
      handle: undefined,
      profile: undefined,
      started: false,
      blocked: false,
      lastInboundAtMs: 0,
      windowEndsAtMs: 0,
      lastReadAtMs: 0,
      marketingToken: undefined,
      received: 0,
      thread: [],
    };
    page.people.set(psid, person);
    if (name !== '') page.byName.set(name, person);
    this.version += 1;
    return person;
  }

  handleOf(person: Person): string {
    person.handle ??= newHandle();
    this.byHandle.set(person.handle, person);
    return person.handle;
  }

  personByHandle(page: GraphPage, handle: string): Person | undefined {
    const person = this.byHandle.get(handle);
    return person?.page === page ? person : undefined;
  }

  append(person: Person, draft: EntryDraft): ThreadEntry {
    const entry: ThreadEntry = {
      n: this.firstReceipt + this.receipts.length,
      mid: draft.mid,
      person,
      fromPage: draft.fromPage,
      atMs: draft.atMs,
      metadata: draft.metadata,
      body: draft.body,
      edits: 0,
    };
    person.thread.push(entry);
    if (person.thread.length > MAX_THREAD) person.thread.splice(0, person.thread.length - MAX_THREAD);
    if (draft.fromPage) this.keepReceipt(person, entry);
    this.version += 1;
    return entry;
  }

  private keepReceipt(person: Person, entry: ThreadEntry): void {
    person.received += 1;
    person.page.received += 1;
    this.receipts.push(entry);
    const old = this.receipts[this.receipts.length - 1 - this.maxFull];
    if (old !== undefined) old.body = '';
    if (this.receipts.length > this.maxReceipts * 1.1 + 16) {
      const surplus = this.receipts.length - this.maxReceipts;
      this.receipts.splice(0, surplus);
      this.firstReceipt += surplus;
    }
  }

  entryOf(page: GraphPage, mid: string): ThreadEntry | undefined {
    for (const person of page.people.values()) {
      const found = person.thread.find((entry) => entry.mid === mid);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** Made up once per person and then stable: the first name is the name the developer typed. */
export function profileOf(person: Person): Profile {
  person.profile ??= {
    first_name: person.name === '' ? 'Robin' : person.name.charAt(0).toUpperCase() + person.name.slice(1),
    last_name: 'Sandbox',
    locale: LOCALES[Number(person.psid.slice(-2)) % LOCALES.length] ?? 'en_US',
    timezone: UTC_OFFSETS[Number(person.psid.slice(-2)) % UTC_OFFSETS.length] ?? 0,
  };
  return person.profile;
}

function newPage(key: PageKey, appSecret: string): GraphPage {
  return {
    ...key,
    proof: createHmac('sha256', appSecret).update(key.token).digest('hex'),
    people: new Map(),
    byName: new Map(),
    attachments: new Map(),
    templates: new Map(),
    sends: new SlidingWindow(1_000),
    mediaSends: new SlidingWindow(1_000),
    conversationReads: new SlidingWindow(1_000),
    profileWrites: new SlidingWindow(600_000),
    subscribedFields: new Set(),
    profile: {},
    received: 0,
  };
}
