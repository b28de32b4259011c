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
  readVersions,
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
  await keyRing.commit(page.uuid, bucket, version);
  return version;
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
 * Finishes rotations of a Page that a crash cut off: whichever version the rows are under is the one that stays. Run it
 * at start-up; beside a rotation under way it does no harm.
 *
 * @returns how many buckets were settled
 */
export async function recoverRotations({ db, keyRing }: RotateBucketDeps, page: LeadPage): Promise<number> {
  await keyRing.reload(page.uuid);
  const staged = keyRing.stagedVersions(page.uuid);
  if (staged.length === 0) return 0;
  const inForce = await readVersions(
    db,
    page.id,
    staged.map(({ bucket }) => bucket),
  );
  for (const { bucket, version } of inForce) await keyRing.commit(page.uuid, bucket, version);
  return inForce.length;
}
