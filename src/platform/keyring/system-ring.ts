import { hkdfSync } from 'node:crypto';
import type { FormerLogKey, PendingMacKey, SystemKeyPurpose } from '../../domain/keyring.types';
import { InvariantError } from '../../kernel/errors';
import type { Ids } from '../../kernel/ids';
import { uuidBytes, uuidText } from '../../kernel/uuid';
import { RING_HEADER_BYTES } from './ring-seal';

/** Of release 0.1.0. */
const FORMAT_SHARED = 1;
const FORMAT_FORMER_LOG_KEYS = 2;
const FORMAT = 3;
const KEY_BYTES = 32;
const MAC_KEY_BYTES = 2 + KEY_BYTES;
const DAY_KEY_BYTES = 4 + KEY_BYTES;
const FIRST_MAC_KEY_ID = 1;
const FORMER_KEY_BYTES = 2 * KEY_BYTES + 2 * 8;
const UUID_BYTES = 16;
const ACCOUNT_KEY_BYTES = UUID_BYTES + KEY_BYTES;
/** Where the version of a UUID stands, and the one of letter keys. Those of accounts have version 4. */
const UUID_VERSION_AT = 14;
const LETTER_VERSION = '8';
const NO_KEY = Buffer.alloc(KEY_BYTES);

/**
 * The keys of the installation, in the plain bytes of ring `system`:
 *
 *     u32 generation || u8 format || shared account key(32), zeros when retired || derivation key(32) || log seed(32)
 *     || u8 count || count x (u16 id || pending-row MAC key(32))     the last one is the current one
 *     || u16 count || count x (u32 day || inbox key(32))             days ascending
 *
 * from format 2 on, for the former keys of the log, the oldest first:
 *
 *     || u16 count || count x (public key(32) || seed(32), zeros when destroyed || u64 leaf of the successor's entry + 1, or 0
 *     || u64 signs until, ms, or 0)
 *
 * and from format 3 on, uuids ascending:
 *
 *     || u32 count || count x (uuid of the account(16) || key(32))
 *
 * where a uuid of version 8 is no account but the name of a letter key, and begins with its day (u32).
 */
export interface SystemRing {
  readonly generation: number;
  /** Wrapped the keys of all accounts in the database of release 0.1.0. Null once each account's own is here. */
  readonly sharedAccountKey: Buffer | null;
  readonly derivationKey: Buffer;
  readonly logSeed: Buffer;
  readonly pendingMacKeys: readonly PendingMacKey[];
  readonly dayKeys: ReadonlyMap<number, Buffer>;
  readonly formerLogKeys: readonly FormerLogKey[];
  /** By the account's UUID, or the name of a letter key. */
  readonly accountKeys: ReadonlyMap<string, Buffer>;
}

export function newSystemRing(ids: Ids): SystemRing {
  return {
    generation: 0,
    sharedAccountKey: null,
    derivationKey: ids.bytes(KEY_BYTES),
    logSeed: ids.bytes(KEY_BYTES),
    pendingMacKeys: [{ id: FIRST_MAC_KEY_ID, key: ids.bytes(KEY_BYTES) }],
    dayKeys: new Map(),
    formerLogKeys: [],
    accountKeys: new Map(),
  };
}

export function writeSystemRing(ring: SystemRing): Buffer {
  const days = [...ring.dayKeys].sort(([a], [b]) => a - b);
  const head = Buffer.alloc(RING_HEADER_BYTES + 1);
  head.writeUInt32BE(ring.generation, 0);
  head.writeUInt8(FORMAT, RING_HEADER_BYTES);
  const accounts = [...ring.accountKeys].sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.concat([
    head,
    ring.sharedAccountKey ?? NO_KEY,
    ring.derivationKey,
    ring.logSeed,
    Buffer.from([ring.pendingMacKeys.length]),
    ...ring.pendingMacKeys.flatMap(({ id, key }) => [numberBytes(id, 2), key]),
    numberBytes(days.length, 2),
    ...days.flatMap(([day, key]) => [numberBytes(day, 4), key]),
    numberBytes(ring.formerLogKeys.length, 2),
    ...ring.formerLogKeys.map(formerKeyBytes),
    numberBytes(accounts.length, 4),
    ...accounts.flatMap(([uuid, key]) => [uuidBytes(uuid), key]),
  ]);
}

function formerKeyBytes({ publicKey, seed, successorLeaf, signsUntil }: FormerLogKey): Buffer {
  const bounds = Buffer.alloc(2 * 8);
  bounds.writeBigUInt64BE(successorLeaf === null ? 0n : BigInt(successorLeaf) + 1n, 0);
  bounds.writeBigUInt64BE(BigInt(signsUntil?.getTime() ?? 0), 8);
  return Buffer.concat([publicKey, seed ?? NO_KEY, bounds]);
}

function readFormerKey(bytes: Buffer): FormerLogKey {
  const seed = bytes.subarray(KEY_BYTES, 2 * KEY_BYTES);
  const leaf = Number(bytes.readBigUInt64BE(2 * KEY_BYTES));
  const until = Number(bytes.readBigUInt64BE(2 * KEY_BYTES + 8));
  return {
    publicKey: bytes.subarray(0, KEY_BYTES),
    seed: seed.equals(NO_KEY) ? null : seed,
    successorLeaf: leaf === 0 ? null : leaf - 1,
    signsUntil: until === 0 ? null : new Date(until),
  };
}

/** @throws {InvariantError} `key_ring_format` */
export function readSystemRing(plain: Buffer): SystemRing {
  let at = RING_HEADER_BYTES;
  const take = (size: number): Buffer => {
    if (at + size > plain.length) throw badFormat();
    at += size;
    return plain.subarray(at - size, at);
  };
  const format = take(1).readUInt8();
  if (format < FORMAT_SHARED || format > FORMAT) throw badFormat();
  const [shared, derivationKey, logSeed] = [take(KEY_BYTES), take(KEY_BYTES), take(KEY_BYTES)];
  const pendingMacKeys = Array.from({ length: take(1).readUInt8() }, () => {
    const entry = take(MAC_KEY_BYTES);
    return { id: entry.readUInt16BE(0), key: entry.subarray(2) };
  });
  const days = Array.from({ length: take(2).readUInt16BE() }, (): [number, Buffer] => {
    const entry = take(DAY_KEY_BYTES);
    return [entry.readUInt32BE(0), entry.subarray(4)];
  });
  const formerCount = format < FORMAT_FORMER_LOG_KEYS ? 0 : take(2).readUInt16BE();
  const formerLogKeys = Array.from({ length: formerCount }, () => readFormerKey(take(FORMER_KEY_BYTES)));
  const accountCount = format < FORMAT ? 0 : take(4).readUInt32BE();
  const accountKeys = new Map(Array.from({ length: accountCount }, () => readAccountKey(take(ACCOUNT_KEY_BYTES))));
  if (at !== plain.length || pendingMacKeys.length === 0) throw badFormat();
  const dayKeys = new Map(days);
  const generation = plain.readUInt32BE(0);
  const sharedAccountKey = shared.equals(NO_KEY) ? null : shared;
  return {
    generation,
    sharedAccountKey,
    derivationKey,
    logSeed,
    pendingMacKeys,
    dayKeys,
    formerLogKeys,
    accountKeys,
  };
}

function readAccountKey(entry: Buffer): [uuid: string, key: Buffer] {
  return [uuidText(entry.subarray(0, UUID_BYTES)), entry.subarray(UUID_BYTES)];
}

/** With keys of accounts that it has not yet. Null when it has them all. */
export function withAccountKeys(ring: SystemRing, keys: readonly (readonly [string, Buffer])[]): SystemRing | null {
  const added = keys.filter(([uuid]) => !ring.accountKeys.has(uuid));
  return added.length === 0 ? null : { ...ring, accountKeys: new Map([...ring.accountKeys, ...added]) };
}

export function withoutAccountKey(ring: SystemRing, uuid: string): SystemRing | null {
  if (!ring.accountKeys.has(uuid)) return null;
  return { ...ring, accountKeys: new Map([...ring.accountKeys].filter(([of]) => of !== uuid)) };
}

/** The name of a letter key tells its day, so that it can be destroyed by that alone. */
export const letterKeyName = (day: number, random: string): string =>
  numberBytes(day, 4).toString('hex') +
  random.slice(8, UUID_VERSION_AT) +
  LETTER_VERSION +
  random.slice(UUID_VERSION_AT + 1);

const isLetterBefore = (name: string, day: number): boolean =>
  name.charAt(UUID_VERSION_AT) === LETTER_VERSION && Number.parseInt(name.slice(0, 8), 16) < day;

/** Without the keys of days before, and the letter keys of those days. Null when there are none. */
export function withoutDaysBefore(ring: SystemRing, day: number): SystemRing | null {
  const dayKeys = new Map([...ring.dayKeys].filter(([of]) => of >= day));
  const accountKeys = new Map([...ring.accountKeys].filter(([name]) => !isLetterBefore(name, day)));
  const isSame = dayKeys.size === ring.dayKeys.size && accountKeys.size === ring.accountKeys.size;
  return isSame ? null : { ...ring, dayKeys, accountKeys };
}

/** Puts a new key of the log in the place of this one, which signs on beside it. Null when another one has taken its place before. */
export function withLogKey(
  ring: SystemRing,
  { publicKey, seed }: { readonly publicKey: Buffer; readonly seed: Buffer },
  logSeed: Buffer,
): SystemRing | null {
  if (!ring.logSeed.equals(seed)) return null;
  const former = { publicKey, seed: ring.logSeed, successorLeaf: null, signsUntil: null };
  return { ...ring, logSeed, formerLogKeys: [...ring.formerLogKeys, former] };
}

/** Null when nothing changes: what was said of a key once stays. */
export function withBound(
  ring: SystemRing,
  publicKey: Buffer,
  bound: Pick<FormerLogKey, 'successorLeaf' | 'signsUntil'>,
): SystemRing | null {
  const isMeant = (key: FormerLogKey): boolean => key.publicKey.equals(publicKey) && key.signsUntil === null;
  if (!ring.formerLogKeys.some(isMeant)) return null;
  return { ...ring, formerLogKeys: ring.formerLogKeys.map((key) => (isMeant(key) ? { ...key, ...bound } : key)) };
}

/** Without the seeds of keys whose time is over. Null when there are none. */
export function withoutEndedSeeds(ring: SystemRing, now: Date): SystemRing | null {
  const isEnded = ({ seed, signsUntil }: FormerLogKey): boolean =>
    seed !== null && signsUntil !== null && signsUntil <= now;
  if (!ring.formerLogKeys.some(isEnded)) return null;
  return { ...ring, formerLogKeys: ring.formerLogKeys.map((key) => (isEnded(key) ? { ...key, seed: null } : key)) };
}

/** The key for a purpose. Those not stored are made from the derivation key; a new purpose needs no new format. */
export function systemKey(ring: SystemRing, purpose: SystemKeyPurpose): Buffer {
  if (purpose === 'log-signing') return ring.logSeed;
  if (purpose === 'pending-mac') return pendingMacKey(ring).key;
  return Buffer.from(hkdfSync('sha256', ring.derivationKey, Buffer.alloc(0), `assent/system/${purpose}/v1`, KEY_BYTES));
}

/** @throws {InvariantError} `pending_mac_key_unknown` */
export function pendingMacKey(ring: SystemRing, id?: number): PendingMacKey {
  const found = id === undefined ? ring.pendingMacKeys.at(-1) : ring.pendingMacKeys.find((key) => key.id === id);
  if (found === undefined) throw new InvariantError('pending_mac_key_unknown', 'no MAC key has the id a row names');
  return found;
}

const badFormat = (): InvariantError =>
  new InvariantError('key_ring_format', 'the plain bytes of the system ring have another form');

function numberBytes(value: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, 0, size);
  return bytes;
}
