import { batchesOf } from '../../kernel/batches';
import { openField } from '../../kernel/crypto/field-cipher';
import { parseCanonicalJson } from '../../kernel/crypto/jcs';
import { InvariantError } from '../../kernel/errors';
import type { KeyRing } from '../keyring.types';
import { isUnknownVersion, psidPlace } from '../leads';
import type { Database } from '../sql.types';
import { NONCE_BYTES, openingPlace } from './append-entry';
import { accountOpeningMac, leadOpeningMac } from './ledger/opening-owner.rules';
import {
  readUnownedClear,
  readUnownedSealed,
  writeOwners,
  type UnownedClear,
  type UnownedSealed,
} from './own-openings.store';

const BATCH_OPENINGS = 1_000;
/** Lower than every entry's id. */
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

export interface OwnOpeningsDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
}

/**
 * Lets the openings that an earlier release wrote show whose they are. Only what opens under the key of the person it stands by, or names a
 * Page of its account, gets its MAC; an audit names the others. Repeating it changes nothing.
 *
 * To be run once after an upgrade, and when a backup is put back: which account a Page is of, rows alone say, and whoever writes them must not
 * be able to ask for a MAC at any time.
 *
 * @returns how many got theirs
 */
export async function ownOpenings({ db, keyRing }: OwnOpeningsDeps): Promise<number> {
  const key = keyRing.systemKey('opening-owner');
  const isLoaded = new Set<string>();
  let owned = 0;
  const sealed = batchesOf<UnownedSealed>((last) => readUnownedSealed(db, last?.entryId ?? BEFORE_ALL, BATCH_OPENINGS));
  for await (const rows of sealed) {
    for (const { pageUuid } of rows) {
      if (!isLoaded.has(pageUuid)) await keyRing.reload(pageUuid);
      isLoaded.add(pageUuid);
    }
    owned += await writeOwners(
      db,
      rows.flatMap((row) => sealedOwner(keyRing, key, row)),
    );
  }
  const clear = batchesOf<UnownedClear>((last) => readUnownedClear(db, last?.entryId ?? BEFORE_ALL, BATCH_OPENINGS));
  for await (const rows of clear)
    owned += await writeOwners(
      db,
      rows.flatMap((row) => clearOwner(key, row)),
    );
  return owned;
}

interface Owner {
  readonly entryId: string;
  readonly ownerMac: Buffer;
}

function sealedOwner(keyRing: KeyRing, key: Buffer, row: UnownedSealed): Owner[] {
  const { entryId, pageUuid, leadUuid, bucket, keyVersion, dekWrapped, psidCt, openingCt } = row;
  try {
    const dek = keyRing.unwrapLeadKey(pageUuid, bucket, keyVersion, dekWrapped);
    // A key that was lent to this person does not open what names them.
    openField(dek, psidPlace(leadUuid), psidCt);
    const body = openField(dek, openingPlace(entryId), openingCt).subarray(0, -NONCE_BYTES);
    const { subject } = parseCanonicalJson(body) as { readonly subject: { readonly n: number } };
    return [{ entryId, ownerMac: leadOpeningMac(key, { entryId, pageUuid, leadUuid, n: subject.n }) }];
  } catch (error) {
    if (error instanceof InvariantError || isUnknownVersion(error)) return [];
    throw error;
  }
}

function clearOwner(key: Buffer, { entryId, accountUuid, opening, metaPageIds }: UnownedClear): Owner[] {
  try {
    const body = parseCanonicalJson(opening.subarray(0, -NONCE_BYTES));
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return [];
    const { page } = body as { readonly page?: string };
    const isOwn = accountUuid === null ? page === undefined : page !== undefined && metaPageIds.includes(page);
    return isOwn ? [{ entryId, ownerMac: accountOpeningMac(key, entryId, accountUuid) }] : [];
  } catch (error) {
    if (error instanceof InvariantError) return [];
    throw error;
  }
}
