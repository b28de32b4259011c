import { hkdfSync } from 'node:crypto';
import type { PageKeyPurpose, StagedVersion } from '../../domain/keyring.types';
import { InvariantError } from '../../kernel/errors';
import type { Ids } from '../../kernel/ids';
import { RING_HEADER_BYTES } from './ring-seal';

/** Fixed for ever: another number would move every person to another bucket. */
export const BUCKETS = 1024;

const COUNT_BYTES = 2;
const KEY_BYTES = 32;
const VERSION_BYTES = 4;
const SLOT_BYTES = VERSION_BYTES + 2 * KEY_BYTES;
const ROUTE_AT = RING_HEADER_BYTES + COUNT_BYTES;
const SLOTS_AT = ROUTE_AT + KEY_BYTES;
const SETTLED_BYTES = SLOTS_AT + BUCKETS * SLOT_BYTES;
const STAGED_AT = SETTLED_BYTES + COUNT_BYTES;
const STAGED_BYTES = COUNT_BYTES + SLOT_BYTES;

export interface BucketKeys {
  /** Wraps the keys of the leads of this bucket. */
  readonly kek: Buffer;
  /** Keys the blind index of the bucket. */
  readonly kbi: Buffer;
}

/**
 * The keys of a Page, read in place from the plain bytes of its ring:
 *
 *     u32 generation || u16 buckets || route key(32) || buckets x slot [ || u16 count || count x (u16 bucket || slot) ]
 *     slot = u32 version || kek(32) || kbi(32)
 *
 * Integers are big-endian. The trailing list is there only while rotations are under way.
 */
export interface PageRing {
  readonly plain: Buffer;
  readonly routeKey: Buffer;
  readonly derived: Readonly<Record<PageKeyPurpose, Buffer>>;
}

/** The plain bytes of a new ring, generation 0, every bucket at version 1. */
export function newPageRing(ids: Ids): Buffer {
  const plain = ids.bytes(SETTLED_BYTES);
  plain.writeUInt32BE(0, 0);
  plain.writeUInt16BE(BUCKETS, RING_HEADER_BYTES);
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) plain.writeUInt32BE(1, slotAt(bucket));
  return plain;
}

/** @throws {InvariantError} `key_ring_format` */
export function readPageRing(plain: Buffer): PageRing {
  if (plain.length < SETTLED_BYTES || plain.readUInt16BE(RING_HEADER_BYTES) !== BUCKETS || !stagedListFits(plain)) {
    throw new InvariantError('key_ring_format', 'the plain bytes of a Page ring have another form');
  }
  const routeKey = plain.subarray(ROUTE_AT, SLOTS_AT);
  const derive = (purpose: PageKeyPurpose): Buffer =>
    Buffer.from(hkdfSync('sha256', routeKey, Buffer.alloc(0), `assent/${purpose}/v1`, KEY_BYTES));
  return {
    plain,
    routeKey,
    derived: { 'page-token': derive('page-token'), ref: derive('ref'), suppression: derive('suppression') },
  };
}

function stagedListFits(plain: Buffer): boolean {
  if (plain.length === SETTLED_BYTES) return true;
  if (plain.length < STAGED_AT + STAGED_BYTES) return false;
  return plain.length === STAGED_AT + plain.readUInt16BE(SETTLED_BYTES) * STAGED_BYTES;
}

/** The keys of a bucket at exactly that version, or null. */
export function bucketKeys(ring: PageRing, bucket: number, version: number): BucketKeys | null {
  const settled = slotAt(bucket);
  if (ring.plain.readUInt32BE(settled) === version) return keysAt(ring.plain, settled);
  for (const at of stagedSlots(ring.plain)) {
    if (isStagedAs(ring.plain, at, bucket) && ring.plain.readUInt32BE(at) === version) return keysAt(ring.plain, at);
  }
  return null;
}

/** Every version of a bucket that the ring has, the newest first. */
export const bucketVersions = (ring: PageRing, bucket: number): number[] =>
  [
    ring.plain.readUInt32BE(slotAt(bucket)),
    ...stagedVersions(ring).flatMap((staged) => (staged.bucket === bucket ? [staged.version] : [])),
  ].sort((a, b) => b - a);

export function stagedVersions(ring: PageRing): StagedVersion[] {
  return stagedSlots(ring.plain).map((at) => ({
    bucket: ring.plain.readUInt16BE(at - COUNT_BYTES),
    version: ring.plain.readUInt32BE(at),
  }));
}

/** Adds a version above every one the bucket has or has staged. */
export function withStaged(ring: PageRing, bucket: number, ids: Ids): { plain: Buffer; version: number } {
  const versions = stagedVersions(ring).filter((staged) => staged.bucket === bucket);
  const settled = ring.plain.readUInt32BE(slotAt(bucket));
  const version = Math.max(settled, ...versions.map((staged) => staged.version)) + 1;
  const entry = ids.bytes(STAGED_BYTES);
  entry.writeUInt16BE(bucket, 0);
  entry.writeUInt32BE(version, COUNT_BYTES);
  return { plain: assemble(ring.plain, [...stagedEntries(ring.plain), entry]), version };
}

/**
 * Makes `version` the bucket's settled one: everything below it is gone, what is staged above it stays.
 *
 * @returns null when there is nothing to do, because the bucket is there or further already
 * @throws {InvariantError} `key_version_lost` when neither the bucket nor its staged versions have it
 */
export function withCommitted(ring: PageRing, bucket: number, version: number): Buffer | null {
  if (ring.plain.readUInt32BE(slotAt(bucket)) >= version) return null;
  const chosen = bucketKeys(ring, bucket, version);
  if (chosen === null) throw new InvariantError('key_version_lost', 'a version to be committed is not in the ring');
  const left = stagedEntries(ring.plain).filter(
    (entry) => entry.readUInt16BE(0) !== bucket || entry.readUInt32BE(COUNT_BYTES) > version,
  );
  const plain = assemble(ring.plain, left);
  plain.writeUInt32BE(version, slotAt(bucket));
  chosen.kek.copy(plain, slotAt(bucket) + VERSION_BYTES);
  chosen.kbi.copy(plain, slotAt(bucket) + VERSION_BYTES + KEY_BYTES);
  return plain;
}

function slotAt(bucket: number): number {
  if (!Number.isInteger(bucket) || bucket < 0 || bucket >= BUCKETS) {
    throw new InvariantError('key_bucket_range', `a bucket is 0 to ${BUCKETS - 1}`);
  }
  return SLOTS_AT + bucket * SLOT_BYTES;
}

const keysAt = (plain: Buffer, slot: number): BucketKeys => ({
  kek: plain.subarray(slot + VERSION_BYTES, slot + VERSION_BYTES + KEY_BYTES),
  kbi: plain.subarray(slot + VERSION_BYTES + KEY_BYTES, slot + SLOT_BYTES),
});

const isStagedAs = (plain: Buffer, slot: number, bucket: number): boolean =>
  plain.readUInt16BE(slot - COUNT_BYTES) === bucket;

/** Where the slots of the trailing list begin, after their bucket numbers. */
function stagedSlots(plain: Buffer): number[] {
  if (plain.length === SETTLED_BYTES) return [];
  const count = plain.readUInt16BE(SETTLED_BYTES);
  return Array.from({ length: count }, (_, position) => STAGED_AT + position * STAGED_BYTES + COUNT_BYTES);
}

const stagedEntries = (plain: Buffer): Buffer[] =>
  stagedSlots(plain).map((at) => plain.subarray(at - COUNT_BYTES, at + SLOT_BYTES));

function assemble(plain: Buffer, staged: readonly Buffer[]): Buffer {
  const settled = plain.subarray(0, SETTLED_BYTES);
  if (staged.length === 0) return Buffer.from(settled);
  const count = Buffer.alloc(COUNT_BYTES);
  count.writeUInt16BE(staged.length);
  return Buffer.concat([settled, count, ...staged]);
}
