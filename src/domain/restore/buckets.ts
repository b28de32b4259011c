import type { KeyRing } from '../keyring.types';
import type { LeadPage } from '../leads';
import type { Sql } from '../sql.types';
import { readBuckets, type BucketVersion } from './restore.store';

/** A bucket whose rows are under a key that was destroyed since. */
export interface MovedBucket extends BucketVersion {
  readonly page: LeadPage;
  /** The version that is in force. */
  readonly target: number;
  /** Wrapped keys of those who were not erased, by the public id of the lead; null when they are kept nowhere. */
  readonly keys: ReadonlyMap<string, Buffer> | null;
}

/** The buckets of a Page that were rotated after the backup. Needs its ring loaded. */
export async function* movedBuckets(sql: Sql, keyRing: KeyRing, page: LeadPage): AsyncGenerator<MovedBucket> {
  for (const { bucket, version } of await readBuckets(sql, page.id)) {
    const moved = await whereTo(keyRing, page, { bucket, version });
    if (moved !== null) yield { page, bucket, version, ...moved };
  }
}

/** The newest version above the rows' for which keys are kept: they are, before the version below is destroyed. */
async function whereTo(
  keyRing: KeyRing,
  page: LeadPage,
  { bucket, version }: BucketVersion,
): Promise<Pick<MovedBucket, 'target' | 'keys'> | null> {
  const versions = keyRing.bucketVersions(page.uuid, bucket);
  for (const target of versions.filter((one) => one > version)) {
    const kept = await keyRing.keptLeadKeys(page.uuid, bucket, target);
    if (kept !== null) return { target, keys: new Map(kept.map(({ leadUuid, dekWrapped }) => [leadUuid, dekWrapped])) };
  }
  return versions.includes(version) ? null : { target: Math.min(...versions), keys: null };
}
