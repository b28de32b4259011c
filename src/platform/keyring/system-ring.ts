import { hkdfSync } from 'node:crypto';
import type { PendingMacKey, SystemKeyPurpose } from '../../domain/keyring.types';
import { InvariantError } from '../../kernel/errors';
import type { Ids } from '../../kernel/ids';
import { RING_HEADER_BYTES } from './ring-seal';

const FORMAT = 1;
const KEY_BYTES = 32;
const MAC_KEY_BYTES = 2 + KEY_BYTES;
const DAY_KEY_BYTES = 4 + KEY_BYTES;
const FIRST_MAC_KEY_ID = 1;

/**
 * The keys of the installation, in the plain bytes of ring `system`:
 *
 *     u32 generation || u8 format (1) || account key(32) || derivation key(32) || log seed(32)
 *     || u8 count || count x (u16 id || pending-row MAC key(32))     the last one is the current one
 *     || u16 count || count x (u32 day || inbox key(32))             days ascending
 */
export interface SystemRing {
  readonly generation: number;
  readonly accountKey: Buffer;
  readonly derivationKey: Buffer;
  readonly logSeed: Buffer;
  readonly pendingMacKeys: readonly PendingMacKey[];
  readonly dayKeys: ReadonlyMap<number, Buffer>;
}

export function newSystemRing(ids: Ids): SystemRing {
  return {
    generation: 0,
    accountKey: ids.bytes(KEY_BYTES),
    derivationKey: ids.bytes(KEY_BYTES),
    logSeed: ids.bytes(KEY_BYTES),
    pendingMacKeys: [{ id: FIRST_MAC_KEY_ID, key: ids.bytes(KEY_BYTES) }],
    dayKeys: new Map(),
  };
}

export function writeSystemRing(ring: SystemRing): Buffer {
  const days = [...ring.dayKeys].sort(([a], [b]) => a - b);
  const head = Buffer.alloc(RING_HEADER_BYTES + 1);
  head.writeUInt32BE(ring.generation, 0);
  head.writeUInt8(FORMAT, RING_HEADER_BYTES);
  return Buffer.concat([
    head,
    ring.accountKey,
    ring.derivationKey,
    ring.logSeed,
    Buffer.from([ring.pendingMacKeys.length]),
    ...ring.pendingMacKeys.flatMap(({ id, key }) => [numberBytes(id, 2), key]),
    numberBytes(days.length, 2),
    ...days.flatMap(([day, key]) => [numberBytes(day, 4), key]),
  ]);
}

/** @throws {InvariantError} `key_ring_format` */
export function readSystemRing(plain: Buffer): SystemRing {
  let at = RING_HEADER_BYTES;
  const take = (size: number): Buffer => {
    if (at + size > plain.length) throw badFormat();
    at += size;
    return plain.subarray(at - size, at);
  };
  if (take(1)[0] !== FORMAT) throw badFormat();
  const [accountKey, derivationKey, logSeed] = [take(KEY_BYTES), take(KEY_BYTES), take(KEY_BYTES)];
  const pendingMacKeys = Array.from({ length: take(1).readUInt8() }, () => {
    const entry = take(MAC_KEY_BYTES);
    return { id: entry.readUInt16BE(0), key: entry.subarray(2) };
  });
  const days = Array.from({ length: take(2).readUInt16BE() }, (): [number, Buffer] => {
    const entry = take(DAY_KEY_BYTES);
    return [entry.readUInt32BE(0), entry.subarray(4)];
  });
  if (at !== plain.length || pendingMacKeys.length === 0) throw badFormat();
  const dayKeys = new Map(days);
  return { generation: plain.readUInt32BE(0), accountKey, derivationKey, logSeed, pendingMacKeys, dayKeys };
}

/** The key for a purpose. Those not stored are made from the derivation key; a new purpose needs no new format. */
export function systemKey(ring: SystemRing, purpose: SystemKeyPurpose): Buffer {
  switch (purpose) {
    case 'account':
      return ring.accountKey;
    case 'log-signing':
      return ring.logSeed;
    case 'pending-mac':
      return pendingMacKey(ring).key;
    case 'account-index':
    case 'erased-account':
    case 'erased-lead':
    case 'idempotency':
    case 'meta-request':
    case 'self-timestamp':
      return Buffer.from(
        hkdfSync('sha256', ring.derivationKey, Buffer.alloc(0), `assent/system/${purpose}/v1`, KEY_BYTES),
      );
  }
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
