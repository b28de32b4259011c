import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes, randomUUID } from 'node:crypto';
import { migrations } from '../migrations';
import {
  makeCreateBroadcast,
  makeFreezeAudience,
  makeGetBroadcast,
  makePreflight,
  makeRulesAt,
  makeCancelBroadcast,
} from '../src/domain/broadcasts';
import { systemClock } from '../src/kernel/clock';
import { randomIds } from '../src/kernel/ids';
import { openEmbeddedPostgres } from '../src/platform/embedded';
import { openDatabase, type OpenDatabase } from '../src/platform/postgres/database';
import { DatabaseError } from '../src/platform/postgres/database-error';
import { migrateDatabase } from '../src/platform/postgres/migrate';

export interface AudienceBench {
  readonly leads: number;
  readonly eligible: number;
  readonly preflightMs: number;
  readonly freezeMs: number;
  readonly statsMs: number;
  /** null: not within `CANCEL_LIMIT_MS`. */
  readonly cancelMs: number | null;
  readonly databaseMb: number;
}

const PAGES = 4;
const QUERY_CANCELED = '57014';
export const CANCEL_LIMIT_MS = 30_000;
export const INSERT_LEADS = `insert into lead (public_id, account_id, page_id, status, subject_ref, web_token_sha256, created_at, consent_entry,
     consent_commitment, chain_head, chain_n, consent_n, opted_in_at, notice_shown_at, notice_version, last_inbound_at, tag_ids)
   select gen_random_uuid(), $1::bigint, (array[$2::bigint, $3, $4, $5])[1 + n % 4],
     case when n % 20 = 0 then 'unsubscribed' else 'subscribed' end, sha256(n::text::bytea),
     sha256(gen_random_uuid()::text::bytea), now(), gen_random_uuid(), sha256(n::text::bytea), sha256(n::text::bytea), 2, 1,
     now(), now(), 1, now() - (n % 30) * interval '1 hour', array[n % 7, 10 + n % 5]
    from generate_series(1, $6::int) as n`;

/** Freezes one broadcast to `leads` people of four Pages, a quarter of whom cannot be written to, on a fresh server with its own settings. */
export async function benchAudience(leads: number): Promise<AudienceBench> {
  const dataDir = mkdtempSync(join(tmpdir(), 'assent-bench-'));
  const server = await openEmbeddedPostgres({ dataDir, database: 'bench' });
  try {
    const db = await openDatabase({ url: server.url, poolSize: 4, migrations, applicationName: 'assent-bench' });
    try {
      await migrateDatabase(db);
      return await measure(db, leads, server.url);
    } finally {
      await db.close();
    }
  } finally {
    await server.release();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function measure(db: OpenDatabase, leads: number, url: string): Promise<AudienceBench> {
  const key = randomBytes(32);
  const deps = {
    db,
    clock: systemClock,
    ids: randomIds,
    accountKey: () => Promise.resolve(key),
    lookups: { tagIds: () => Promise.resolve(new Map<string, string>()), refIndex: () => Promise.resolve(key) },
    rulesAt: makeRulesAt({ adWindow: false }),
    queue: { enqueue: () => Promise.resolve() },
    log: { event: () => undefined, warn: () => undefined, error: () => undefined },
  };
  const { accountId, pageIds, pageUuids } = await addOwner(db);
  await db.run(INSERT_LEADS, [accountId, ...pageIds, leads]);
  await db.run('analyze lead');

  const made = await makeCreateBroadcast(deps)({
    accountId,
    name: 'bench',
    pageIds: pageUuids,
    message: { text: 'Hello' },
    launch: true,
  });
  const own = { accountId, broadcastUuid: made.uuid };
  const preflightMs = await timed(() => makePreflight(deps)(own));
  const freezeMs = await timed(() => makeFreezeAudience(deps)(made.uuid));
  const statsMs = await timed(() => makeGetBroadcast(deps)(own));
  const { stats } = await makeGetBroadcast(deps)(own);
  const size = await db.first<{ bytes: string }>('select pg_database_size(current_database()) as bytes');
  const cancelMs = await timeCancel(url, (limited) => makeCancelBroadcast({ ...deps, db: limited })(own));
  return {
    leads: stats.audience,
    eligible: stats.pending,
    preflightMs,
    freezeMs,
    statsMs,
    cancelMs,
    databaseMb: Math.round(Number(size?.bytes ?? 0) / 1e6),
  };
}

/** Under a statement limit: a plan gone wrong must not keep the run for hours. */
async function timeCancel(url: string, cancel: (db: OpenDatabase) => Promise<unknown>): Promise<number | null> {
  const limitedUrl = new URL(url);
  limitedUrl.searchParams.set('options', `-c statement_timeout=${String(CANCEL_LIMIT_MS)}`);
  const db = await openDatabase({ url: limitedUrl.href, poolSize: 2, migrations, applicationName: 'assent-bench' });
  try {
    const ms = await timed(() => cancel(db));
    return ms > CANCEL_LIMIT_MS ? null : ms;
  } catch (error) {
    if (error instanceof DatabaseError && error.sqlState === QUERY_CANCELED) return null;
    throw error;
  } finally {
    await db.close();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return Math.round(performance.now() - startedMs);
}

async function addOwner(db: OpenDatabase) {
  const account = await db.first<{ id: string }>(
    `insert into account (public_id, email_index, email_ct, name_ct, created_at)
     values ($1, $2, '\\x00', '\\x00', now()) returning id`,
    [randomUUID(), randomBytes(16)],
  );
  const accountId = account?.id ?? '';
  const pages = await db.rows<{ id: string; uuid: string }>(
    `insert into page (public_id, account_id, meta_page_id, name, state, opt_in_mode, basis, addresses_eea, rate_per_second,
       time_zone, notice_version, created_at, updated_at)
     select gen_random_uuid(), $1, (1000 + n)::text, 'bench', 'active', 'conversation_start', 'consent', false, 35, 'UTC', 1,
       now(), now() from generate_series(1, $2::int) as n returning id, public_id as uuid`,
    [accountId, PAGES],
  );
  return { accountId, pageIds: pages.map((page) => page.id), pageUuids: pages.map((page) => page.uuid) };
}

if (require.main === module) {
  void benchAudience(Number(process.argv[2] ?? 1_000_000)).then((result) => console.log(JSON.stringify(result)));
}
