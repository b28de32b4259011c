import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto';
import { migrations } from '../../../../migrations';
import { openDatabase, type OpenDatabase } from '../../../../src/platform/postgres/database';
import { makeAudienceLookups, type AudienceLookups, type EligibilityRules } from '../../../../src/domain/broadcasts';
import type { KeyRing } from '../../../../src/domain/keyring.types';
import { makeSetTags } from '../../../../src/domain/leads';
import type { RowId } from '../../../../src/domain/sql.types';
import type { EnqueueOptions, Job } from '../../../../src/jobs';
import { randomIds } from '../../../../src/kernel/ids';
import { createTestDatabase } from '../../../support/database';

export const HOUR_MS = 3_600_000;
export const START = new Date('2026-11-23T12:00:00.000Z');

export const RULES: EligibilityRules = {
  ruleVersion: 'rules-of-the-test',
  standardWindowMs: 24 * HOUR_MS,
  adWindowMs: null,
  safetyMarginMs: 60_000,
};

export interface LeadRowInput {
  readonly status?: string;
  readonly restricted_at?: Date | null;
  readonly consent_entry?: string | null;
  readonly notice_shown_at?: Date | null;
  readonly notice_version?: number | null;
  readonly unreachable_at?: Date | null;
  readonly last_inbound_at?: Date | null;
  readonly last_ad_message_at?: Date | null;
  readonly marketing_token_state?: string | null;
  readonly marketing_token_expires_at?: Date | null;
  readonly opted_in_at?: Date | null;
  readonly locale?: string | null;
  readonly ref_index?: Buffer | null;
  readonly chain_n?: number;
}

export interface TestPage {
  readonly id: RowId;
  readonly uuid: string;
  readonly accountId: RowId;
  readonly metaPageId: string;
}

export interface TestLead {
  readonly id: RowId;
  readonly uuid: string;
}

export interface BroadcastWorld {
  readonly db: OpenDatabase;
  readonly jobs: { readonly job: Job; readonly options: EnqueueOptions | undefined }[];
  readonly logged: string[];
  setNow(at: Date): void;
  advance(ms: number): void;
  addAccount(): Promise<RowId>;
  addPage(accountId: RowId, changes?: { rate?: number; optInMode?: string }): Promise<TestPage>;
  /** A subscribed lead whose window is open, changed by `changes`. */
  addLead(page: TestPage, changes?: LeadRowInput): Promise<TestLead>;
  /** Many of them in one statement. */
  addLeads(page: TestPage, count: number): Promise<void>;
  tag(page: TestPage, lead: TestLead, tags: readonly string[]): Promise<void>;
  refIndex(page: TestPage, ref: string): Buffer;
  readonly deps: BroadcastWorldDeps;
  close(): Promise<void>;
}

type BroadcastWorldDeps = ReturnType<typeof makeDeps>;

const accountKey = (accountId: RowId): Promise<Buffer> =>
  Promise.resolve(createHash('sha256').update(`account ${accountId}`).digest());

const pageKey = (pageUuid: string): Buffer => createHash('sha256').update(`ref ${pageUuid}`).digest();

function makeDeps(db: OpenDatabase, world: { now: Date }, jobs: BroadcastWorld['jobs'], logged: string[]) {
  const keyRing = { pageKey } as unknown as KeyRing;
  const lookups: AudienceLookups = makeAudienceLookups({ db, keyRing, accountKey });
  return {
    db,
    accountKey,
    lookups,
    ids: randomIds,
    rulesAt: (): EligibilityRules => RULES,
    clock: { now: () => world.now, monotonicMs: () => world.now.getTime() },
    queue: {
      enqueue: (job: Job, options?: EnqueueOptions) => {
        jobs.push({ job, options });
        return Promise.resolve();
      },
    },
    log: {
      event: (name: string) => void logged.push(name),
      warn: (name: string) => void logged.push(name),
      error: (name: string) => void logged.push(name),
    },
  };
}

const LEAD_COLUMNS = [
  'status',
  'restricted_at',
  'consent_entry',
  'notice_shown_at',
  'notice_version',
  'unreachable_at',
  'last_inbound_at',
  'last_ad_message_at',
  'marketing_token_state',
  'marketing_token_expires_at',
  'opted_in_at',
  'locale',
  'ref_index',
  'chain_n',
] as const satisfies readonly (keyof LeadRowInput)[];

const subscribedLead = (now: Date): Required<LeadRowInput> => ({
  status: 'subscribed',
  restricted_at: null,
  consent_entry: randomUUID(),
  notice_shown_at: new Date(now.getTime() - HOUR_MS),
  notice_version: 1,
  unreachable_at: null,
  last_inbound_at: new Date(now.getTime() - HOUR_MS),
  last_ad_message_at: null,
  marketing_token_state: null,
  marketing_token_expires_at: null,
  opted_in_at: new Date(now.getTime() - HOUR_MS),
  locale: null,
  ref_index: null,
  chain_n: 2,
});

/** A database with accounts, Pages and leads of the test's choosing, and what the use cases need around it. */
export async function makeBroadcastWorld(): Promise<BroadcastWorld> {
  const database = await createTestDatabase();
  const db = await openDatabase({ url: database.url, poolSize: 8, migrations, applicationName: 'broadcast-test' });
  const world = { now: START };
  const jobs: BroadcastWorld['jobs'] = [];
  const logged: string[] = [];
  const deps = makeDeps(db, world, jobs, logged);
  let metaPageId = 1_000_000_000;

  return {
    db,
    jobs,
    logged,
    deps,
    setNow: (at) => void (world.now = at),
    advance: (ms) => void (world.now = new Date(world.now.getTime() + ms)),
    addAccount: async () => {
      const row = await db.first<{ id: RowId }>(
        `insert into account (public_id, email_index, email_ct, name_ct, created_at)
         values ($1, $2, '\\x00', '\\x00', $3) returning id`,
        [randomUUID(), randomBytes(16), START],
      );
      return row!.id;
    },
    addPage: async (accountId, { rate = 35, optInMode = 'conversation_start' } = {}) => {
      metaPageId += 1;
      const uuid = randomUUID();
      const row = await db.first<{ id: RowId }>(
        `insert into page (public_id, account_id, meta_page_id, name, state, opt_in_mode, basis, addresses_eea,
           rate_per_second, accept_risk_above_40, time_zone, notice_version, created_at, updated_at)
         values ($1, $2, $3, 'A Page', 'active', $4, 'consent', false, $5, true, 'UTC', 1, $6, $6) returning id`,
        [uuid, accountId, String(metaPageId), optInMode, rate, START],
      );
      return { id: row!.id, uuid, accountId, metaPageId: String(metaPageId) };
    },
    addLead: async (page, changes = {}) => {
      const lead = { ...subscribedLead(world.now), ...changes };
      const uuid = randomUUID();
      const row = await db.first<{ id: RowId }>(
        `insert into lead (public_id, account_id, page_id, subject_ref, web_token_sha256, created_at, ${LEAD_COLUMNS.join(', ')})
         values ($1, $2, $3, '\\x00', $4, $5, ${LEAD_COLUMNS.map((_, place) => `$${place + 6}`).join(', ')}) returning id`,
        [uuid, page.accountId, page.id, randomBytes(32), START, ...LEAD_COLUMNS.map((column) => lead[column])],
      );
      return { id: row!.id, uuid };
    },
    addLeads: async (page, count) => {
      await db.run(
        `insert into lead (public_id, account_id, page_id, status, subject_ref, web_token_sha256, created_at, consent_entry,
           notice_shown_at, notice_version, last_inbound_at, opted_in_at, chain_n)
         select gen_random_uuid(), $1::bigint, $2::bigint, 'subscribed', '\\x00', sha256(gen_random_uuid()::text::bytea),
           $3::timestamptz, gen_random_uuid(), $3::timestamptz, 1, $3::timestamptz, $3::timestamptz, 1 from generate_series(1, $4::int) as n`,
        [page.accountId, page.id, new Date(world.now.getTime() - HOUR_MS), count],
      );
    },
    tag: (page, lead, tags) =>
      makeSetTags({ db, accountKey })({ accountId: page.accountId, leadUuid: lead.uuid, tags }),
    refIndex: (page, ref) => createHmac('sha256', pageKey(page.uuid)).update(ref).digest().subarray(0, 16),
    close: async () => {
      await db.close();
      await database.drop();
    },
  };
}

/** A broadcast as a caller writes it, to the given Pages. */
export const draft = (page: TestPage, ...more: readonly TestPage[]) => ({
  accountId: page.accountId,
  name: 'Spring',
  pageIds: [page, ...more].map((each) => each.metaPageId),
  message: { text: 'Hello {{first_name|there}}' },
});
