import { spawnSync } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrations } from '../migrations';
import { makeCreateAccount } from '../src/domain/accounts';
import { commitment, openingPlace, type AppendDeps } from '../src/domain/consent';
import { leadEntryBody } from '../src/domain/consent/ledger/entry-body.rules';
import { logVkey, makeSequence, pendingMac } from '../src/domain/ledger';
import { insertPage } from '../src/domain/pages/page.store';
import { makeLeadBundle, makeRangeProofs, type BundleDeps } from '../src/domain/proof';
import { systemClock } from '../src/kernel/clock';
import { sealField } from '../src/kernel/crypto/field-cipher';
import { randomIds } from '../src/kernel/ids';
import { openEmbeddedPostgres } from '../src/platform/embedded';
import { openKeyRing, postgresRingRegistry } from '../src/platform/keyring';
import { openDatabase, type OpenDatabase } from '../src/platform/postgres/database';
import { migrateDatabase } from '../src/platform/postgres/migrate';
import { ROOT } from '../test/support/program';

const BATCH = 500;
const WRITERS = 3;
const PAGE_ID = '104857600000001';

export interface LedgerBench {
  /** Committed, sequenced and signed, writers and sequencer at once. */
  readonly entriesPerSecond: number;
  /** From the commit of an entry to the commit of the checkpoint that holds it, ms. */
  readonly waitsMs: readonly number[];
  readonly sequencedPerSecond: number;
  readonly bundlesPerSecond: number;
  readonly verifyMs: number;
  readonly exports: readonly { readonly people: number; readonly peakMb: number; readonly perSecond: number }[];
}

/** The ledger by itself: one process, an embedded server, people with an opt-in each. */
export async function benchLedger(few: number, many: number): Promise<LedgerBench> {
  const dataDir = mkdtempSync(join(tmpdir(), 'assent-bench-'));
  const server = await openEmbeddedPostgres({ dataDir, database: 'bench' });
  const db = await openDatabase({ url: server.url, poolSize: 8, migrations, applicationName: 'assent-bench' });
  try {
    await migrateDatabase(db);
    const stage = await openLedgerStage(db, join(dataDir, 'keys'));
    const written = await writeWhileSequencing(stage, few);
    const waitsMs = await measureWaits(stage);
    const first = await measureExport(stage, few);
    const { bundlesPerSecond, verifyMs } = await measureBundles(stage);
    const sequencedPerSecond = await fill(stage, many - few);
    const second = await measureExport(stage, many);
    return {
      entriesPerSecond: written,
      waitsMs,
      sequencedPerSecond,
      bundlesPerSecond,
      verifyMs,
      exports: [first, second],
    };
  } finally {
    await db.close();
    await server.release();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

type LedgerStage = Awaited<ReturnType<typeof openLedgerStage>>;

async function openLedgerStage(db: OpenDatabase, keyDir: string) {
  const registry = postgresRingRegistry(db);
  const keyRing = await openKeyRing({
    dir: keyDir,
    seal: randomBytes(32),
    registry,
    clock: systemClock,
    ids: randomIds,
  });
  const base = { db, keyRing, clock: systemClock, ids: randomIds };
  const { account } = await makeCreateAccount(base)({ email: 'you@example.com', name: 'Bench' });
  const uuid = randomUUID();
  await keyRing.createPageRing(uuid);
  const settings = {
    name: 'Bench',
    optInMode: 'conversation_start' as const,
    basis: 'gdpr.6.1.a',
    addressesEea: false,
    ratePerSecond: 35,
    timeZone: 'UTC',
    quietHours: null,
  };
  const pageId = await db.transaction((tx) =>
    insertPage(tx, {
      uuid,
      accountId: account.id,
      metaPageId: PAGE_ID,
      tokenCt: Buffer.alloc(0),
      settings,
      at: new Date(),
    }),
  );
  const append: AppendDeps = { ...base, logOrigin: 'bench.invalid/consent' };
  const quiet = { event: () => undefined, warn: () => undefined, error: () => undefined };
  let copy: string | null = null;
  const checkpointCopy = {
    read: () => Promise.resolve(copy),
    write: (note: string) => {
      copy = note;
      return Promise.resolve();
    },
  };
  const bundleDeps: BundleDeps = {
    ...append,
    db,
    witnessVkeys: [],
    byHandScript: Buffer.from(''),
    verifierSha256: Buffer.from(''),
  };
  const sequence = makeSequence({ ...append, db, log: quiet, checkpointCopy });
  return { db, keyRing, append, bundleDeps, sequence, accountId: account.id, pageId: pageId ?? '', pageUuid: uuid };
}

/** New people with their opt-in, as the inbox writes them, many to a statement. */
async function writePeople(stage: LedgerStage, count: number): Promise<void> {
  const { db, keyRing, append, accountId, pageId, pageUuid } = stage;
  const { id: macKeyId, key } = keyRing.pendingMacKey();
  const wording = createHash('sha256').update('wording').digest();
  const at = new Date();
  const people = Array.from({ length: count }, () => {
    const leadUuid = randomUUID();
    const psid = String(2_000_000_000_000_000n + (randomBytes(8).readBigUInt64BE() >> 9n));
    const dek = randomBytes(32);
    const ref = randomBytes(16);
    const entryId = randomUUID();
    const bucket = keyRing.bucketOf(pageUuid, psid);
    const segment = { kind: 'e' as const, length: 100, hash: wording };
    const body = leadEntryBody(
      { log: append.logOrigin, metaPageId: PAGE_ID, psid, at, subject: { ref, n: 1, prev: null } },
      {
        kind: 'opt_in',
        via: 'get_started',
        notice: { language: 'en', version: 1, surface: 'messenger_welcome', sha256: wording },
        purposes: ['marketing.broadcast'],
        basis: 'gdpr.6.1.a',
        eventAt: at,
        evidence: {
          receivedAt: at,
          header: `sha256=${wording.toString('hex')}`,
          index: 0,
          length: 100,
          secretId: ref.subarray(8),
          segments: [segment],
        },
      },
    );
    const nonce = randomBytes(64);
    const c = commitment(body, nonce);
    return {
      leadUuid,
      ref,
      entryId,
      c,
      mac: pendingMac(key, entryId, c),
      opening: sealField(dek, openingPlace(entryId), Buffer.concat([body, nonce])),
      web: createHash('sha256').update(leadUuid).digest(),
      bucket,
      index: keyRing.blindIndex(pageUuid, bucket, 1, PAGE_ID, psid),
      wrapped: keyRing.wrapLeadKey(pageUuid, bucket, 1, dek),
      psidCt: sealField(dek, { table: 'lead_key', column: 'psid_ct', row: leadUuid }, psid),
    };
  });
  await db.run(
    `with given as (
       select * from unnest($1::uuid[], $2::bytea[], $3::uuid[], $4::bytea[], $5::bytea[], $6::bytea[], $7::bytea[],
         $8::smallint[], $9::bytea[], $10::bytea[], $11::bytea[]) with ordinality
         as t (public_id, ref, entry_id, c, mac, opening, web, bucket, psid_index, wrapped, psid_ct, n)
     ), l as (
       insert into lead (public_id, account_id, page_id, status, subject_ref, web_token_sha256, created_at, chain_n, chain_head,
         consent_entry, consent_commitment, consent_n, opted_in_at)
       select public_id, $12, $13, 'subscribed', ref, web, now(), 1, c, entry_id, c, 1, now() from given order by n
       returning id, public_id
     ), k as (
       insert into lead_key (lead_id, page_id, bucket, key_version, psid_index, dek_wrapped, psid_ct)
       select l.id, $13, bucket, 1, psid_index, wrapped, psid_ct from given join l using (public_id)
     ), o as (
       insert into ledger_opening (entry_id, lead_id, account_id, opening_ct)
       select entry_id, l.id, $12, opening from given join l using (public_id)
     )
     insert into ledger_pending (entry_id, commitment, mac, mac_key_id) select entry_id, c, mac, $14 from given order by n`,
    [
      people.map(({ leadUuid }) => leadUuid),
      people.map(({ ref }) => ref),
      people.map(({ entryId }) => entryId),
      people.map(({ c }) => c),
      people.map(({ mac }) => mac),
      people.map(({ opening }) => opening),
      people.map(({ web }) => web),
      people.map(({ bucket }) => bucket),
      people.map(({ index }) => index),
      people.map(({ wrapped }) => wrapped),
      people.map(({ psidCt }) => psidCt),
      accountId,
      pageId,
      macKeyId,
    ],
  );
}

async function drain({ sequence }: LedgerStage): Promise<void> {
  while ((await sequence()).kind === 'signed');
}

async function writeWhileSequencing(stage: LedgerStage, count: number): Promise<number> {
  let left = count;
  let isWriting = true;
  const startMs = performance.now();
  const write = async (): Promise<void> => {
    while (left > 0) {
      const size = Math.min(BATCH, left);
      left -= size;
      await writePeople(stage, size);
    }
  };
  const sequencing = (async () => {
    while (isWriting)
      if ((await stage.sequence()).kind === 'idle') await new Promise((resolve) => setTimeout(resolve, 20));
  })();
  await Promise.all(Array.from({ length: WRITERS }, write));
  isWriting = false;
  await sequencing;
  await drain(stage);
  return count / ((performance.now() - startMs) / 1000);
}

/** As in a worker: the sequencer looks every 200 ms, and people come at any moment between. */
async function measureWaits(stage: LedgerStage): Promise<number[]> {
  let isOver = false;
  const sequencing = (async () => {
    while (!isOver) {
      await stage.sequence();
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  const waits: number[] = [];
  for (let n = 0; n < 40; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 200));
    await writePeople(stage, 1);
    const startMs = performance.now();
    while ((await stage.db.first('select from ledger_pending limit 1')) !== undefined)
      await new Promise((resolve) => setTimeout(resolve, 2));
    waits.push(performance.now() - startMs);
  }
  isOver = true;
  await sequencing;
  return waits;
}

async function measureBundles(stage: LedgerStage): Promise<{ bundlesPerSecond: number; verifyMs: number }> {
  const leads = await stage.db.rows<{ uuid: string }>('select public_id as uuid from lead order by id limit 200');
  const bundle = makeLeadBundle(stage.bundleDeps);
  const startMs = performance.now();
  for (const { uuid } of leads) await bundle({ accountId: stage.accountId, leadUuid: uuid, form: 'zip' });
  const bundlesPerSecond = leads.length / ((performance.now() - startMs) / 1000);

  const dir = mkdtempSync(join(tmpdir(), 'assent-bench-verify-'));
  const range = await makeRangeProofs(stage.bundleDeps)({
    accountId: stage.accountId,
    page: undefined,
    from: new Date(0),
    to: new Date(Date.now() + 1_000),
    form: 'ndjson',
  });
  const parts: Buffer[] = [];
  for await (const part of range) parts.push(part);
  const file = join(dir, 'bundle.ndjson');
  writeFileSync(file, Buffer.concat(parts));
  const run = (target: string): { ms: number; records: number } => {
    const began = performance.now();
    const key = logVkey(stage.keyRing, stage.append.logOrigin);
    const { stdout } = spawnSync(
      process.execPath,
      [join(ROOT, 'tools/assent-verify.mjs'), '--json', '--key', key, target],
      { encoding: 'utf8', maxBuffer: 2 ** 28 },
    );
    return { ms: performance.now() - began, records: (JSON.parse(stdout) as { records: number }).records };
  };
  const empty = join(dir, 'nothing');
  writeFileSync(empty, '');
  const idle = run(empty);
  const full = run(file);
  rmSync(dir, { recursive: true });
  return { bundlesPerSecond, verifyMs: (full.ms - idle.ms) / full.records };
}

/** Fills the log up, and answers how fast the sequencer alone was. */
async function fill(stage: LedgerStage, count: number): Promise<number> {
  let left = count;
  const write = async (): Promise<void> => {
    while (left > 0) {
      const size = Math.min(BATCH, left);
      left -= size;
      await writePeople(stage, size);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
  const startMs = performance.now();
  await drain(stage);
  return count / ((performance.now() - startMs) / 1000);
}

async function measureExport(stage: LedgerStage, people: number): Promise<LedgerBench['exports'][number]> {
  await stage.db.run('analyze');
  global.gc?.();
  let peak = 0;
  const watch = setInterval(() => (peak = Math.max(peak, rssMb())), 50);
  const startMs = performance.now();
  const stream = await makeRangeProofs(stage.bundleDeps)({
    accountId: stage.accountId,
    page: undefined,
    from: new Date(0),
    to: new Date(Date.now() + 1_000),
    form: 'zip',
  });
  let bytes = 0;
  for await (const part of stream) bytes += part.length;
  clearInterval(watch);
  if (bytes === 0) throw new Error('nothing was exported');
  return { people, peakMb: Math.max(peak, rssMb()), perSecond: people / ((performance.now() - startMs) / 1000) };
}

/** Linux tells more exactly than Node. */
function rssMb(): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
  } catch {
    return process.memoryUsage().rss / 2 ** 20;
  }
}
