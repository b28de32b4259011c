import { createDecipheriv } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import type { KeyRing, PageKeyPurpose, SystemKeyPurpose } from '../../src/domain/keyring.types';
import { systemClock } from '../../src/kernel/clock';
import { unwrapKey } from '../../src/kernel/crypto/key-wrap';
import { randomIds } from '../../src/kernel/ids';
import { openKeyRing, readRingsAsTheyAre, registryOf } from '../../src/platform/keyring';
import { openRingAsItIs } from '../../src/platform/keyring/ring-seal';
import { readSystemRing } from '../../src/platform/keyring/system-ring';

/** A value of a binary column. */
export interface Cell {
  readonly place: string;
  readonly bytes: Buffer;
}

/** Every value of every binary column of every table, read in one transaction: what a logical dump holds of it. */
export async function dumpOf(databaseUrl: string): Promise<Cell[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    const { rows } = await client.query<{ table: string; column: string }>(
      `select format('%I.%I', table_schema, table_name) as table, column_name as column from information_schema.columns
        where data_type = 'bytea' and table_schema not in ('pg_catalog', 'information_schema')`,
    );
    const cells: Cell[] = [];
    for (const { table, column } of rows) {
      const values = await client.query<{ bytes: Buffer }>(
        `select "${column}" as bytes from ${table} where "${column}" is not null`,
      );
      cells.push(...values.rows.map(({ bytes }) => ({ place: `${table}.${column}`, bytes })));
    }
    return cells;
  } finally {
    await client.end();
  }
}

const BUCKETS = 1024;
const WRAPPED_BYTES = 40;
const DAY_MS = 86_400_000;
const SYSTEM: readonly SystemKeyPurpose[] = [
  'account-index',
  'erased-account',
  'erased-lead',
  'idempotency',
  'meta-request',
  'pending-mac',
  'log-signing',
  'self-timestamp',
];
const OF_PAGE: readonly PageKeyPurpose[] = ['page-token', 'ref', 'suppression'];

interface RingCopy {
  readonly ring: KeyRing;
  readonly dir: string;
  readonly accountKeys: readonly Buffer[];
}

/** The key ring as its files are now, in a copy that nobody else uses. */
export async function openCopyOf(keyRingDir: string, masterKey: Buffer): Promise<RingCopy> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'assent-ring-copy-'));
  cpSync(keyRingDir, dir, { recursive: true });
  const registry = registryOf(await readRingsAsTheyAre(dir, [masterKey]));
  const ring = await openKeyRing({ dir, seals: [masterKey], registry, clock: systemClock, ids: randomIds });
  for (const page of pagesOf(dir)) await ring.reload(page);
  const system = openRingAsItIs([masterKey], 'system', readFileSync(path.join(dir, 'system.bin')));
  return { ring, dir, accountKeys: [...readSystemRing(system!).accountKeys.values()] };
}

const pagesOf = (dir: string): string[] =>
  readdirSync(dir).flatMap((name) => /^page-([0-9a-f-]{36})[.]bin$/.exec(name)?.[1] ?? []);

/** Every key that can be had of the files of the key ring and of what lies beside it, with what any cell of the copy gives for it. */
export async function keysAtHand({ ring, dir, accountKeys }: RingCopy, cells: readonly Cell[]) {
  const today = Math.floor(systemClock.now().getTime() / DAY_MS);
  const own = [
    ...accountKeys,
    ...SYSTEM.map((purpose) => ring.systemKey(purpose)),
    ...pagesOf(dir).flatMap((page) => OF_PAGE.map((purpose) => ring.pageKey(page, purpose))),
  ];
  const days = await Promise.all([today - 1, today].map((day) => ring.inboxKey(day)));
  const wrapped = [...cells.map(({ bytes }) => bytes), ...keptBeside(dir)].filter(
    ({ length }) => length === WRAPPED_BYTES,
  );
  const unwrapped = wrapped.flatMap((bytes) => [
    ...own.flatMap((key) => orNone(() => unwrapKey(key, bytes))),
    ...pagesOf(dir).flatMap((page) => unwrappedByBuckets(ring, page, bytes)),
  ]);
  return { own, days, unwrapped };
}

function unwrappedByBuckets(ring: KeyRing, page: string, wrapped: Buffer): Buffer[] {
  return Array.from({ length: BUCKETS }, (_, bucket) =>
    ring
      .bucketVersions(page, bucket)
      .flatMap((version) => orNone(() => ring.unwrapLeadKey(page, bucket, version, wrapped))),
  ).flat();
}

/** Wrapped keys of people whose bucket was rotated: behind the head of a file, each behind its id. */
const keptBeside = (dir: string): Buffer[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.keys'))
    .flatMap((name) => {
      const keys = readFileSync(path.join(dir, name)).subarray(26, -32);
      return Array.from({ length: keys.length / 56 }, (_, n) => keys.subarray(n * 56 + 16, (n + 1) * 56));
    });

function orNone(work: () => Buffer): Buffer[] {
  try {
    return [work()];
  } catch {
    return [];
  }
}

const NONCE_END = 13;
const TAG_BYTES = 16;

/** Where one of these texts comes out when every cell is opened with every key, whatever row and column it belongs to. */
export function opensAt(cells: readonly Cell[], keys: readonly Buffer[], texts: readonly string[]): string[] {
  const wanted = texts.map((text) => Buffer.from(text));
  const opens = ({ bytes }: Cell): boolean =>
    bytes.length > NONCE_END + TAG_BYTES &&
    keys.some((key) => {
      const plain = decrypted(key, bytes);
      return wanted.some((text) => plain.includes(text));
    });
  return [...new Set(cells.filter(opens).map(({ place }) => place))].sort();
}

/** Without looking at the tag, which only says where the bytes belong. */
function decrypted(key: Buffer, sealed: Buffer): Buffer {
  const cipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, NONCE_END), { authTagLength: TAG_BYTES });
  return cipher.update(sealed.subarray(NONCE_END, -TAG_BYTES));
}
