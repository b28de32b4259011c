import { fork } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrations } from '../migrations';
import { makeCreateAccount } from '../src/domain/accounts';
import { commitment, openingPlace, type AppendDeps } from '../src/domain/consent';
import { leadEntryBody } from '../src/domain/consent/ledger/entry-body.rules';
import { makeSequence, pendingMac } from '../src/domain/ledger';
import { insertPage } from '../src/domain/pages/page.store';
import { systemClock } from '../src/kernel/clock';
import { sealField } from '../src/kernel/crypto/field-cipher';
import { randomIds } from '../src/kernel/ids';
import { openEmbeddedPostgres } from '../src/platform/embedded';
import { checkpointFile, leafFile, openKeyRing, postgresRingRegistry } from '../src/platform/keyring';
import { openDatabase, type OpenDatabase } from '../src/platform/postgres/database';
import { migrateDatabase } from '../src/platform/postgres/migrate';
import type { Exported, ExportOrder } from './export-process';

const REGISTER = join(__dirname, '../test/support/typescript-register.cjs');
const BATCH = 500;
const WRITERS = 3;
const PAGE_ID = '104857600000001';

export interface LedgerBench {
  /** Committed, sequenced and signed, writers and sequencer at once. */
  readonly entriesPerSecond: number;
  /** The same, each entry an opt-in with the rows of a new person around it. */
  readonly peoplePerSecond: number;
  readonly sequencedPerSecond: number;
  readonly exports: readonly { readonly people: number; readonly peakMb: number; readonly perSecond: number }[];
}

export interface LedgerSizes {
  /** People of the smaller and the larger export. */
  readonly few: number;
  readonly many: number;
  /** Further entries, written at the end. */
  readonly entries: number;
}

/** The ledger by itself: one process, an embedded server, people with an opt-in each. */
export async function benchLedger({ few, many, entries }: LedgerSizes): Promise<LedgerBench> {
  const dataDir = mkdtempSync(join(tmpdir(), 'assent-bench-'));
  const server = await openEmbeddedPostgres({ dataDir, database: 'bench' });
  const db = await openDatabase({ url: server.url, poolSize: 8, migrations, applicationName: 'assent-bench' });
  try {
    await migrateDatabase(db);
    const stage = await openLedgerStage(db, server.url, join(dataDir, 'keys'));
    const peoplePerSecond = await writeWhileSequencing(stage, few, writePeople);
    const first = await measureExport(stage, few);
    const sequencedPerSecond = await fill(stage, many - few);
    const second = await measureExport(stage, many);
    return {
      entriesPerSecond: await writeWhileSequencing(stage, entries, writeEntries),
      peoplePerSecond,
      sequencedPerSecond,
      exports: [first, second],
    };
  } finally {
    await db.close();
    await server.release();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

export type LedgerStage = Awaited<ReturnType<typeof openLedgerStage>>;

export async function openLedgerStage(db: OpenDatabase, url: string, keyDir: string) {
  const seal = randomBytes(32);
  const registry = postgresRingRegistry(db);
  const keyRing = await openKeyRing({
    dir: keyDir,
    seals: [seal],
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
  const { logOrigin } = append;
  const exportOrder: ExportOrder = { url, keyDir, seal: seal.toString('base64'), logOrigin, accountId: account.id };
  const sequence = makeSequence({
    ...append,
    db,
    log: quiet,
    checkpointCopy: checkpointFile(keyDir),
    leafCopy: leafFile(keyDir),
  });
  return { db, keyRing, append, exportOrder, sequence, accountId: account.id, pageId: pageId ?? '', pageUuid: uuid };
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

/** Further entries of people who are there: what a transaction adds to the ledger, many to a statement. */
async function writeEntries({ db, keyRing, append, accountId }: LedgerStage, count: number): Promise<void> {
  const { id: macKeyId, key } = keyRing.pendingMacKey();
  const sha256 = createHash('sha256').update('wording').digest();
  const notice = { language: 'en', version: 1, surface: 'messenger_welcome', sha256 };
  const at = new Date();
  const entries = Array.from({ length: count }, () => {
    const entryId = randomUUID();
    const subject = { ref: randomBytes(16), n: 2, prev: sha256 };
    const place = { log: append.logOrigin, metaPageId: PAGE_ID, psid: '2000000000000000', at, subject };
    const body = leadEntryBody(place, { kind: 'notice_shown', notice, mid: 'm_bench' });
    const nonce = randomBytes(64);
    const c = commitment(body, nonce);
    const opening = sealField(sha256, openingPlace(entryId), Buffer.concat([body, nonce]));
    return { entryId, c, mac: pendingMac(key, entryId, c), opening };
  });
  await db.run(
    `with given as (
       select * from unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[]) with ordinality as t (entry_id, c, mac, opening, n)
     ), o as (
       insert into ledger_opening (entry_id, lead_id, account_id, opening_ct)
       select entry_id, (select min(id) from lead), $5, opening from given
     )
     insert into ledger_pending (entry_id, commitment, mac, mac_key_id) select entry_id, c, mac, $6 from given order by n`,
    [
      entries.map(({ entryId }) => entryId),
      entries.map(({ c }) => c),
      entries.map(({ mac }) => mac),
      entries.map(({ opening }) => opening),
      accountId,
      macKeyId,
    ],
  );
}

async function drain({ sequence }: LedgerStage): Promise<void> {
  while ((await sequence()).kind === 'signed');
}

type WriteBatch = (stage: LedgerStage, count: number) => Promise<void>;

/** Three writers at once, each a batch after the other. */
async function writeAll(stage: LedgerStage, count: number, writeBatch: WriteBatch): Promise<void> {
  let left = count;
  const write = async (): Promise<void> => {
    while (left > 0) {
      const size = Math.min(BATCH, left);
      left -= size;
      await writeBatch(stage, size);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
}

/** @returns entries a second, from the first to the signature over the last */
async function writeWhileSequencing(stage: LedgerStage, count: number, writeBatch: WriteBatch): Promise<number> {
  let isWriting = true;
  const startMs = performance.now();
  const sequencing = (async () => {
    while (isWriting)
      if ((await stage.sequence()).kind === 'idle') await new Promise((resolve) => setTimeout(resolve, 20));
  })();
  await writeAll(stage, count, writeBatch);
  isWriting = false;
  await sequencing;
  await drain(stage);
  return count / ((performance.now() - startMs) / 1000);
}

/** Fills the log up, and answers how fast the sequencer alone was. */
export async function fill(stage: LedgerStage, count: number): Promise<number> {
  await writeAll(stage, count, writePeople);
  const startMs = performance.now();
  await drain(stage);
  return count / ((performance.now() - startMs) / 1000);
}

async function measureExport(stage: LedgerStage, people: number): Promise<LedgerBench['exports'][number]> {
  await stage.db.run('analyze');
  const child = fork(join(__dirname, 'export-process.ts'), { execArgv: ['-r', REGISTER] });
  child.send(stage.exportOrder);
  const [{ bytes, seconds, peakMb }] = (await once(child, 'message')) as [Exported];
  if (bytes === 0) throw new Error('nothing was exported');
  return { people, peakMb, perSecond: people / seconds };
}
