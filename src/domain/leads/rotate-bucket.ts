import { openField } from '../../kernel/crypto/field-cipher';
import { OperationalError } from '../../kernel/errors';
import type { KeyRing } from '../keyring.types';
import type { Database, Tx } from '../sql.types';
import { psidPlace } from './lead-keys';
import { leadTransaction, onRing } from './lead-transaction';
import type { LeadPage } from './lead.types';
import {
  lockBucket,
  readBucket,
  readPages,
  readRotated,
  readVersions,
  readWrapped,
  storeVersion,
  type BucketRow,
  type RewrappedKey,
} from './rotate-bucket.store';

export interface RotateBucketDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
}

export interface RotateBucketInput {
  readonly page: LeadPage;
  readonly bucket: number;
  /** Deletes what shall not survive, in the rotation's own transaction and under its lock; told the version to be. */
  readonly discard?: (tx: Tx, version: number) => Promise<void>;
}

/**
 * Gives a bucket a new key, moves the keys of its leads under it and destroys the old one. What was sealed under a
 * lead that `discard` removed is unreadable from then on, also in every older copy of the database.
 *
 * @returns the version now in force
 * @throws {OperationalError} `rotation_overtaken` when another rotation passed this one; nothing was changed
 */
export async function rotateBucket(
  deps: RotateBucketDeps,
  { page, bucket, discard }: RotateBucketInput,
): Promise<number> {
  const { keyRing } = deps;
  const version = await keyRing.stage(page.uuid, bucket);
  await leadTransaction(deps, async (tx) => {
    const current = await lockBucket(tx, page.id, bucket);
    if (current === undefined || current >= version) {
      throw new OperationalError('rotation_overtaken', 'another rotation of this bucket passed this one');
    }
    await discard?.(tx, version);
    const rows = await readBucket(tx, page.id, bucket);
    await storeVersion(
      tx,
      page.id,
      bucket,
      version,
      rows.map((row) => rewrap(keyRing, page, row, version)),
    );
  });
  await settleBucket(deps, page, bucket, version);
  return version;
}

/**
 * Destroys every key of a bucket below `version`, once its rows are under it. The wrapped keys of its leads are kept beside the ring
 * first: a database that is set back is given them again. Repeating it finishes what a crash interrupted.
 */
export async function settleBucket(
  { db, keyRing }: RotateBucketDeps,
  page: Pick<LeadPage, 'id' | 'uuid'>,
  bucket: number,
  version: number,
): Promise<void> {
  const { isInForce, keys } = await readWrapped(db, page.id, bucket, version);
  // Otherwise a later rotation has moved the rows, and keeps them itself.
  if (isInForce) await keyRing.keepLeadKeys(page.uuid, bucket, version, keys);
  await keyRing.commit(page.uuid, bucket, version);
}

function rewrap(keyRing: KeyRing, page: LeadPage, row: BucketRow, version: number): RewrappedKey {
  const dek = onRing(page.uuid, () => keyRing.unwrapLeadKey(page.uuid, row.bucket, row.keyVersion, row.dekWrapped));
  const psid = openField(dek, psidPlace(row.uuid), row.psidCt).toString('utf8');
  return onRing(page.uuid, () => ({
    leadId: row.leadId,
    psidIndex: keyRing.blindIndex(page.uuid, row.bucket, version, page.metaPageId, psid),
    dekWrapped: keyRing.wrapLeadKey(page.uuid, row.bucket, version, dek),
  }));
}

/**
 * Finishes rotations of a Page that a crash cut off: whichever version the rows are under is the one that stays. Beside a rotation under
 * way it does no harm.
 *
 * @returns how many buckets were settled
 */
export async function recoverRotations(deps: RotateBucketDeps, page: Pick<LeadPage, 'id' | 'uuid'>): Promise<number> {
  const { db, keyRing } = deps;
  await keyRing.reload(page.uuid);
  const staged = keyRing.stagedVersions(page.uuid);
  if (staged.length === 0) return 0;
  const inForce = await readVersions(
    db,
    page.id,
    staged.map(({ bucket }) => bucket),
  );
  for (const { bucket, version } of inForce) await settleBucket(deps, page, bucket, version);
  return inForce.length;
}

/**
 * Once a process: settles what a crash cut off, and keeps the wrapped keys of buckets that earlier releases rotated without keeping them.
 *
 * @returns how many buckets were settled or kept
 */
export function makeSettleBuckets(deps: RotateBucketDeps): () => Promise<number> {
  let isDone = false;
  return async () => {
    if (isDone) return 0;
    let changed = 0;
    for (const page of await readPages(deps.db)) {
      changed += await recoverRotations(deps, page);
      for (const { bucket, version } of await readRotated(deps.db, page.id)) {
        if ((await deps.keyRing.keptLeadKeys(page.uuid, bucket, version)) !== null) continue;
        await settleBucket(deps, page, bucket, version);
        changed += 1;
      }
    }
    isDone = true;
    return changed;
  };
}
