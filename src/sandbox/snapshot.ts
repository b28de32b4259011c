import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { messageOf } from './emitter';
import type { GraphPage, MessageTemplate, Person } from './sandbox.types';
import type { WebhookOutbox } from './webhook-outbox';
import type { World } from './world';

const MAGIC = Buffer.from('SBX1');
const MAX_PEOPLE = 20_000;
const MAX_THREADS = 2_000;
const MAX_ENTRIES = 30;
const MAX_BODIES = 2_000;

const pageSchema = z.object({
  id: z.string(),
  subscribed: z.array(z.string()),
  profile: z.record(z.string(), z.unknown()),
  templates: z.array(z.object({ id: z.string(), name: z.string(), language: z.string(), components: z.unknown() })),
  attachments: z.array(z.tuple([z.string(), z.object({ type: z.string(), atMs: z.number() })])),
});
const personSchema = z.object({
  psid: z.string(),
  page: z.string(),
  name: z.string(),
  handle: z.string().optional(),
  profile: z
    .object({ first_name: z.string(), last_name: z.string(), locale: z.string(), timezone: z.number() })
    .optional(),
  started: z.boolean(),
  blocked: z.boolean(),
  lastInboundAtMs: z.number(),
  windowEndsAtMs: z.number(),
  lastReadAtMs: z.number(),
  marketingToken: z.string().optional(),
  thread: z.array(
    z.object({
      mid: z.string(),
      fromPage: z.boolean(),
      atMs: z.number(),
      metadata: z.string().optional(),
      message: z.unknown(),
    }),
  ),
});
const snapshotSchema = z.object({
  pages: z.array(pageSchema),
  people: z.array(personSchema),
  bodies: z.array(z.string()),
});
type Snapshot = z.infer<typeof snapshotSchema>;

/** Keeps the newest people, threads and undelivered webhooks over a restart, encrypted and bounded. */
export class SnapshotFile {
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly file: string,
    private readonly key: Buffer,
  ) {}

  /** A missing file or one that this key cannot open leaves the world empty. */
  async load(world: World, outbox: WebhookOutbox): Promise<void> {
    const sealed = await readFile(this.file).catch(() => undefined);
    const snapshot = sealed === undefined ? undefined : open(sealed, this.key);
    if (snapshot !== undefined) restore(world, outbox, snapshot);
  }

  /** Writes beside the file and renames, so that a crash leaves the old or the new one. Calls queue up. */
  save(world: World, outbox: WebhookOutbox): Promise<void> {
    this.writing = this.writing
      .catch(() => undefined)
      .then(async () => {
        const sealed = seal(capture(world, outbox), this.key);
        const draft = `${this.file}.new`;
        await mkdir(path.dirname(this.file), { recursive: true, mode: 0o700 });
        await writeFile(draft, sealed, { mode: 0o600 });
        await rename(draft, this.file);
      });
    return this.writing;
  }
}

function seal(snapshot: Snapshot, key: Buffer): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(MAGIC);
  const sealed = Buffer.concat([cipher.update(JSON.stringify(snapshot), 'utf8'), cipher.final()]);
  return Buffer.concat([MAGIC, nonce, cipher.getAuthTag(), sealed]);
}

function open(sealed: Buffer, key: Buffer): Snapshot | undefined {
  if (sealed.length < 32 || !sealed.subarray(0, 4).equals(MAGIC)) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(4, 16));
    decipher.setAAD(MAGIC);
    decipher.setAuthTag(sealed.subarray(16, 32));
    const text = Buffer.concat([decipher.update(sealed.subarray(32)), decipher.final()]).toString('utf8');
    return snapshotSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function capture(world: World, outbox: WebhookOutbox): Snapshot {
  const people = world.pages
    .flatMap((page) => [...page.people.values()])
    .sort((a, b) => lastSeenMs(b) - lastSeenMs(a))
    .slice(0, MAX_PEOPLE);
  return {
    pages: world.pages.map(capturePage),
    people: people.map((person, index) => capturePerson(person, index < MAX_THREADS)),
    bodies: outbox.unsent(MAX_BODIES),
  };
}

const lastSeenMs = (person: Person): number =>
  Math.max(person.lastInboundAtMs, person.thread[person.thread.length - 1]?.atMs ?? 0);

function capturePage(page: GraphPage): Snapshot['pages'][number] {
  return {
    id: page.id,
    subscribed: [...page.subscribedFields],
    profile: page.profile,
    templates: [...page.templates.values()],
    attachments: [...page.attachments].slice(-1_000),
  };
}

function capturePerson(person: Person, withThread: boolean): Snapshot['people'][number] {
  return {
    psid: person.psid,
    page: person.page.id,
    name: person.name,
    handle: person.handle,
    profile: person.profile,
    started: person.started,
    blocked: person.blocked,
    lastInboundAtMs: person.lastInboundAtMs,
    windowEndsAtMs: person.windowEndsAtMs,
    lastReadAtMs: person.lastReadAtMs,
    marketingToken: person.marketingToken,
    thread: (withThread ? person.thread.slice(-MAX_ENTRIES) : []).map((entry) => ({
      mid: entry.mid,
      fromPage: entry.fromPage,
      atMs: entry.atMs,
      metadata: entry.metadata,
      message: messageOf(entry),
    })),
  };
}

function restore(world: World, outbox: WebhookOutbox, snapshot: Snapshot): void {
  for (const kept of snapshot.pages) {
    const page = world.page(kept.id);
    if (page === undefined) continue;
    page.subscribedFields = new Set(kept.subscribed);
    page.profile = kept.profile;
    for (const template of kept.templates) page.templates.set(templateName(template), template);
    for (const [id, attachment] of kept.attachments) page.attachments.set(id, attachment);
  }
  for (const kept of snapshot.people.reverse()) restorePerson(world, kept);
  for (const body of snapshot.bodies) outbox.pushBody(body);
}

const templateName = (template: MessageTemplate): string => `${template.name} ${template.language}`;

function restorePerson(world: World, kept: Snapshot['people'][number]): void {
  const page = world.page(kept.page);
  if (page === undefined) return;
  const person = world.addPerson(page, kept.name, kept.psid);
  person.handle = kept.handle;
  person.profile = kept.profile;
  person.started = kept.started;
  person.blocked = kept.blocked;
  person.lastInboundAtMs = kept.lastInboundAtMs;
  person.windowEndsAtMs = kept.windowEndsAtMs;
  person.lastReadAtMs = kept.lastReadAtMs;
  person.marketingToken = kept.marketingToken;
  if (person.handle !== undefined) world.handleOf(person);
  for (const { message, ...entry } of kept.thread) {
    world.append(person, { ...entry, body: message === undefined ? '' : JSON.stringify({ message }) });
  }
}
