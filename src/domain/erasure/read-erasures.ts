import type { RowId, Sql } from '../sql.types';
import { erasureNotFound } from './erasure.errors';
import { findErasureByCode, findOwnErasure } from './erasure.store';
import type { ErasureView } from './erasure.types';

const CODE = /^[0-9a-f]{32}$/;

/** @throws {UserError} `erasure_not_found`, also for one of another account */
export const makeGetErasure =
  ({ db }: { readonly db: Sql }) =>
  async ({ accountId, uuid }: { readonly accountId: RowId; readonly uuid: string }): Promise<ErasureView> => {
    const erasure = await findOwnErasure(db, accountId, uuid);
    if (erasure === undefined) throw erasureNotFound();
    return erasure;
  };

/** For the public page. Null for an unknown code. */
export const makeShowErasure =
  ({ db }: { readonly db: Sql }) =>
  async (code: string): Promise<ErasureView | null> =>
    CODE.test(code) ? ((await findErasureByCode(db, code)) ?? null) : null;
