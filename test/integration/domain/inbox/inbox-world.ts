import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OptInMode } from '../../../../src/domain/lead-status.types';
import { makeDrainInbox, makeStoreWebhook, type DrainedInbox, type DrainInboxDeps } from '../../../../src/domain/inbox';
import type { EndedFacts, ErasedAccounts, KeyRing } from '../../../../src/domain/keyring.types';
import { stopPage } from '../../../../src/domain/pages';
import type { QueuedReply } from '../../../../src/domain/unsubscribe';
import type { Tx } from '../../../../src/domain/sql.types';
import type { Job } from '../../../../src/jobs';
import { queueErasureLink, skipPendingOfLead, skipRepliesOfLead } from '../../../../src/domain/delivery';
import { composeFootprintCheck } from '../../../../src/compose/footprint';
import {
  makeEraseByChat,
  makeOnUnheardStop,
  openTombstones,
  type CheckFootprint,
} from '../../../../src/domain/erasure';
import { randomIds } from '../../../../src/kernel/ids';
import { endedFiles, erasedAccountsFile, openKeyRing, postgresRingRegistry } from '../../../../src/platform/keyring';
import { callFiles } from '../../../../src/platform/recipients';
import type { SealedCalls } from '../../../../src/domain/recipients';
import { openDatabase, type OpenDatabase } from '../../../../src/platform/postgres/database';
import { createTestDatabase } from '../../../support/database';

export const APP_SECRET = 'test-app-secret-0123456789abcdef';
export const LOG_ORIGIN = 'log.test/consent';
export const NOTICE_BODY = 'I am the automated assistant of Test Page. Offers, twice a week.';

export interface TestPage {
  readonly id: string;
  readonly uuid: string;
  readonly accountId: string;
  readonly metaPageId: string;
}

export interface InboxWorld {
  readonly db: OpenDatabase;
  readonly url: string;
  readonly ringDir: string;
  readonly seal: Buffer;
  readonly keyRing: KeyRing;
  /** The ring as another process of the installation has it. */
  otherRing(): Promise<KeyRing>;
  readonly deps: DrainInboxDeps & {
    readonly ended: EndedFacts;
    readonly erasedAccounts: ErasedAccounts;
    readonly sealedCalls: SealedCalls;
    readonly checkFootprint: CheckFootprint;
  };
  readonly jobs: Job[];
  readonly logged: { name: string; fields: unknown }[];
  readonly skipped: { leadId: string; reason: string }[];
  readonly seen: { echoes: unknown[]; delivered: unknown[]; read: unknown[] };
  now(): Date;
  setNow(at: Date): void;
  newAccount(): Promise<string>;
  newPage(options?: { optInMode?: OptInMode; accountId?: string; basis?: string }): Promise<TestPage>;
  suppress(page: TestPage, psid: string): Promise<void>;
  store(body: Buffer | object): Promise<Buffer>;
  drain(limit?: number): Promise<DrainedInbox>;
  /** Stores one body with these events and drains. */
  deliver(page: TestPage, ...events: object[]): Promise<DrainedInbox>;
  leadOf(page: TestPage, psid: string): Promise<LeadFacts | undefined>;
  count(text: string, values?: readonly unknown[]): Promise<number>;
  close(): Promise<void>;
}

export interface LeadFacts {
  readonly id: string;
  readonly uuid: string;
  readonly status: string;
  readonly dek: Buffer;
  readonly row: Record<string, unknown>;
}

let pages = 0;
let people = 0;
let mids = 0;

/** Ids that stand out in a dump. */
export const newPsid = (): string =>
  `77${String((people += 1)).padStart(4, '0')}${String(randomBytes(5).readUIntBE(0, 5)).padStart(13, '0')}`;
export const newMid = (): string => `m_${String((mids += 1))}_${randomBytes(9).toString('base64url')}`;

export async function openInboxWorld(): Promise<InboxWorld> {
  const database = await createTestDatabase();
  const db = await openDatabase({ url: database.url, poolSize: 12, applicationName: 'inbox-test' });
  const dir = await mkdtemp(join(tmpdir(), 'assent-ring-'));
  let at = new Date('2026-11-23T10:00:00.000Z');
  const clock = { now: () => new Date(at.getTime()), monotonicMs: () => performance.now() };
  const seal = randomBytes(32);
  const openRing = () => openKeyRing({ dir, seals: [seal], registry: postgresRingRegistry(db), clock, ids: randomIds });
  const keyRing = await openRing();
  const jobs: Job[] = [];
  const logged: { name: string; fields: unknown }[] = [];
  const skipped: { leadId: string; reason: string }[] = [];
  const seen = { echoes: [] as unknown[], delivered: [] as unknown[], read: [] as unknown[] };
  const note = (name: string, fields?: unknown): void => void logged.push({ name, fields });
  const deps: InboxWorld['deps'] = {
    db,
    sealedCalls: callFiles(join(dir, 'recipient-calls')),
    keyRing,
    erasedAccounts: erasedAccountsFile(dir),
    ended: endedFiles(dir),
    checkFootprint: composeFootprintCheck({
      db,
      clock,
      ids: randomIds,
      config: { dataDir: dir, keyRingDir: dir, keyRingCopyDir: null, redisUrl: null },
    }),
    clock,
    ids: randomIds,
    logOrigin: LOG_ORIGIN,
    log: { event: note, warn: note, error: note },
    queue: { enqueue: (job) => Promise.resolve(void jobs.push(job)) },
    queueReply: (tx, reply) => insertReply(tx, reply, clock.now()),
    skipPendingOfLead: (_tx, leadId, reason) => Promise.resolve(skipped.push({ leadId, reason })),
    reconcileEcho: (_tx, echo) => Promise.resolve(seen.echoes.push(echo)),
    applyDelivered: (_tx, receipt) => Promise.resolve(seen.delivered.push(receipt)),
    applyRead: (_tx, receipt) => Promise.resolve(seen.read.push(receipt)),
    stopPage,
    onUnheardStop: makeOnUnheardStop({ keyRing }),
    openTombstones: (keys) => openTombstones({ db, clock }, keys),
    eraseByChat: makeEraseByChat({
      keyRing,
      clock,
      ids: randomIds,
      logOrigin: LOG_ORIGIN,
      skipPendingOfLead,
      skipRepliesOfLead,
      queueErasureLink,
    }),
  };
  const storeWebhook = makeStoreWebhook(deps);
  const drainInbox = makeDrainInbox(deps);

  const store: InboxWorld['store'] = async (body) => {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    const header = `sha256=${createHmac('sha256', APP_SECRET).update(bytes).digest('hex')}`;
    const secretId = createHash('sha256').update(`assent/secret-id\n${APP_SECRET}`).digest('hex').slice(0, 16);
    await storeWebhook({ bytes, header, secretId });
    return bytes;
  };
  const world: InboxWorld = {
    db,
    url: database.url,
    ringDir: dir,
    seal,
    keyRing,
    otherRing: openRing,
    deps,
    jobs,
    logged,
    skipped,
    seen,
    now: () => clock.now(),
    setNow: (next) => {
      at = next;
    },
    newAccount: async () => {
      const row = await db.first<{ id: string }>(
        `insert into account (public_id, email_index, email_ct, name_ct, created_at)
         values ($1, $2, '', '', $3) returning id`,
        [randomUUID(), randomBytes(16), clock.now()],
      );
      return row!.id;
    },
    newPage: async ({ optInMode = 'conversation_start', basis = 'gdpr.6.1.a', accountId } = {}) => {
      const owner = accountId ?? (await world.newAccount());
      const metaPageId = `10485760${String((pages += 1)).padStart(7, '0')}`;
      const uuid = randomUUID();
      await keyRing.createPageRing(uuid);
      const row = await db.first<{ id: string }>(
        `insert into page (public_id, account_id, meta_page_id, name, state, opt_in_mode, basis, addresses_eea,
           rate_per_second, time_zone, notice_version, created_at, updated_at)
         values ($1, $2, $3, 'Test Page', 'active', $4, $5, false, 35, 'UTC', 1, $6::timestamptz - interval '1 day', $6) returning id`,
        [uuid, owner, metaPageId, optInMode, basis, clock.now()],
      );
      await db.run(`insert into key_bucket (page_id, bucket, key_version) select $1, generate_series(0, 1023), 1`, [
        row!.id,
      ]);
      await db.run(
        `insert into notice (page_id, version, language, surface, body, sha256, created_at)
         values ($1, 1, 'en', 'messenger_welcome', $2, $3, $4)`,
        [row!.id, NOTICE_BODY, createHash('sha256').update(NOTICE_BODY).digest(), clock.now()],
      );
      return { id: row!.id, uuid, accountId: owner, metaPageId };
    },
    suppress: async (page, psid) => {
      const mac = createHmac('sha256', keyRing.pageKey(page.uuid, 'suppression')).update(psid).digest().subarray(0, 16);
      await db.run(`insert into suppression (page_id, person_mac, created_at) values ($1, $2, $3)`, [
        page.id,
        mac,
        clock.now(),
      ]);
    },
    store,
    drain: (limit = 10_000) => drainInbox({ limit }),
    deliver: async (page, ...events) => {
      await store(bodyOf(page, ...events));
      return world.drain();
    },
    leadOf: async (page, psid) => {
      const bucket = keyRing.bucketOf(page.uuid, psid);
      const version = await db.first<{ v: number }>(
        `select key_version as v from key_bucket where page_id = $1 and bucket = $2`,
        [page.id, bucket],
      );
      const index = keyRing.blindIndex(page.uuid, bucket, version!.v, page.metaPageId, psid);
      const row = await db.first<Record<string, unknown>>(
        `select l.*, k.dek_wrapped, k.key_version from lead l join lead_key k on k.lead_id = l.id
         where k.page_id = $1 and k.bucket = $2 and k.psid_index = $3`,
        [page.id, bucket, index],
      );
      if (row === undefined) return undefined;
      const dek = keyRing.unwrapLeadKey(page.uuid, bucket, row['key_version'] as number, row['dek_wrapped'] as Buffer);
      return { id: row['id'] as string, uuid: row['public_id'] as string, status: row['status'] as string, dek, row };
    },
    count: async (text, values) =>
      Number((await db.first<{ n: string }>(`select count(*) as n from ${text}`, values))!.n),
    close: async () => {
      await db.close();
      await database.drop();
      await rm(dir, { recursive: true, force: true });
    },
  };
  return world;
}

async function insertReply(tx: Tx, reply: QueuedReply, at: Date): Promise<void> {
  await tx.run(
    `insert into reply (public_id, page_id, lead_id, kind, cause, notice_version, language, status, due_at, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $8) on conflict on constraint reply_cause_key do nothing`,
    [
      randomUUID(),
      reply.pageId,
      reply.leadId,
      reply.kind,
      reply.cause,
      reply.noticeVersion ?? null,
      reply.language,
      at,
    ],
  );
}

export const bodyOf = (page: TestPage, ...events: object[]) => ({
  object: 'page',
  entry: [{ id: page.metaPageId, time: Date.now(), messaging: events }],
});

const between = (page: TestPage, psid: string, at: Date) => ({
  sender: { id: psid },
  recipient: { id: page.metaPageId },
  timestamp: at.getTime(),
});

export const message = (page: TestPage, psid: string, at: Date, text: string, more: object = {}) => ({
  ...between(page, psid, at),
  message: { mid: newMid(), text, ...more },
});

export const postback = (page: TestPage, psid: string, at: Date, payload: string, more: object = {}) => ({
  ...between(page, psid, at),
  postback: { mid: newMid(), title: 'Tap', payload, ...more },
});

export const event = (page: TestPage, psid: string, at: Date, fields: object) => ({
  ...between(page, psid, at),
  ...fields,
});
