import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCreateAccount, type AccountRef } from '../../../../src/domain/accounts';
import type { KeyRing } from '../../../../src/domain/keyring.types';
import type { Clock } from '../../../../src/kernel/clock';
import { randomIds } from '../../../../src/kernel/ids';
import { postgresRingRegistry, openKeyRing } from '../../../../src/platform/keyring';
import { openRingFiles } from '../../../../src/platform/keyring/ring-files';
import { makeRingStore } from '../../../../src/platform/keyring/ring-store';
import { openDatabase, type OpenDatabase } from '../../../../src/platform/postgres/database';
import { createTestDatabase } from '../../../support/database';

/** Wall time that a test moves by hand. */
export interface MovableClock extends Clock {
  forward(ms: number): void;
}

export function movableClock(start: string): MovableClock {
  let nowMs = new Date(start).getTime();
  return { now: () => new Date(nowMs), monotonicMs: () => performance.now(), forward: (ms) => (nowMs += ms) };
}

export interface AccountWorld {
  readonly db: OpenDatabase;
  readonly keyRing: KeyRing;
  readonly clock: MovableClock;
  readonly ids: typeof randomIds;
  /** A second process's view of the same key ring. */
  openKeyRingAgain(): Promise<KeyRing>;
  /** The plain bytes of ring `system`. */
  systemRing(): Promise<Buffer>;
  rewriteSystemRing(change: (plain: Buffer) => Buffer): Promise<void>;
  account(email: string): Promise<AccountRef>;
  close(): Promise<void>;
}

/** A migrated database, a key ring on disk and a clock that stands still: real parts, one test file. */
export async function openAccountWorld(): Promise<AccountWorld> {
  const database = await createTestDatabase();
  const db = await openDatabase({ url: database.url, poolSize: 6, applicationName: 'assent-test' });
  const dir = mkdtempSync(join(tmpdir(), 'assent-keys-'));
  const clock = movableClock('2026-11-23T10:00:00Z');
  const ids = randomIds;
  const seal = randomBytes(32);
  const open = () => openKeyRing({ dir, seals: [seal], registry: postgresRingRegistry(db), clock, ids });
  const keyRing = await open();
  const rings = makeRingStore({
    seals: [seal],
    files: await openRingFiles(dir),
    registry: postgresRingRegistry(db),
    ids,
  });
  const createAccount = makeCreateAccount({ db, keyRing, clock, ids });
  return {
    db,
    keyRing,
    clock,
    ids,
    openKeyRingAgain: open,
    systemRing: async () => (await rings.load('system'))!,
    rewriteSystemRing: async (change) => await rings.replace('system', (plain) => change(plain!)).then(() => undefined),
    account: async (email) => (await createAccount({ email, name: 'A Shop' })).account,
    close: async () => {
      await db.close();
      await database.drop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Every table whose text, bytes or documents contain one of these values. */
export async function tablesHolding(db: OpenDatabase, values: readonly string[]): Promise<string[]> {
  const columns = await db.rows<{ table: string; column: string }>(
    `select c.relname as table, a.attname as column
       from pg_class c join pg_attribute a on a.attrelid = c.oid join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'public' and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped`,
  );
  if (columns.length < 100) throw new Error('the walk does not see the schema');
  const found = new Set<string>();
  for (const { table, column } of columns) {
    // bytea prints as hex, everything else as text: look for both spellings of every value
    const rows = await db.rows<{ text: string | null }>(`select "${column}"::text as text from "${table}"`);
    for (const value of values) {
      const hex = Buffer.from(value, 'utf8').toString('hex');
      const holds = rows.some(({ text }) => text !== null && (text.includes(value) || text.includes(hex)));
      if (holds) found.add(`${table}.${column}`);
    }
  }
  return [...found].sort();
}
