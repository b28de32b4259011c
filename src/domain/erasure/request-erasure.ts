import { createHmac } from 'node:crypto';
import { recordAudit, type AuditDeps } from '../accounts';
import type { DeliveryReason } from '../broadcasts';
import type { KeyRing } from '../keyring.types';
import { leadNotFound, leadTransaction, lockLeadRow, openLead } from '../leads';
import type { Database, RowId, Sql, Tx } from '../sql.types';
import { LINK_BYTES, subjectHash } from './certificate.rules';
import { leadErased } from './erasure.errors';
import { findErasureOfLead, insertErasure, markErasing } from './erasure.store';
import type { ErasureView } from './erasure.types';
import { findOwnLeadPage } from './lead-page.store';

const CODE_BYTES = 16;
const MAC_BYTES = 16;

export interface RequestErasureDeps extends AuditDeps {
  readonly db: Database;
  /** Skips everything bulk that waits for a lead. Needs the lead locked. */
  readonly skipPendingOfLead: (tx: Tx, leadId: RowId, reason: DeliveryReason) => Promise<unknown>;
  /** The same for replies. */
  readonly skipRepliesOfLead: (tx: Tx, leadId: RowId, reason: DeliveryReason) => Promise<unknown>;
}

export interface RequestErasureInput {
  readonly accountId: RowId;
  readonly leadUuid: string;
  /** The id to make the erasure under. */
  readonly erasureUuid: string;
}

export interface RequestedErasure {
  readonly erasure: ErasureView;
  /** What ties the certificate to its person, for whoever asked; null when the erasure was asked for before. It is kept nowhere. */
  readonly link: Buffer | null;
}

/** Finds the erasure of a lead again without its id lying in the database. */
export const leadMac = (keyRing: KeyRing, leadUuid: string): Buffer =>
  createHmac('sha256', keyRing.systemKey('erased-lead')).update(leadUuid.toLowerCase()).digest().subarray(0, MAC_BYTES);

/**
 * Asks for the erasure of a lead on the account's word. From its commit on nothing new is sent to the lead; the rest follows by
 * `makeCarryOutErasures`. Repeated while it lasts, it answers the erasure that is under way.
 *
 * @throws {UserError} `lead_not_found`, also for a lead of another account; `lead_erased` once its rows are gone
 */
export const makeRequestErasure =
  (deps: RequestErasureDeps) =>
  ({ accountId, leadUuid, erasureUuid }: RequestErasureInput): Promise<RequestedErasure> =>
    leadTransaction(deps, async (tx) => {
      const page = await findOwnLeadPage(tx, accountId, leadUuid);
      const row = page === undefined ? undefined : await lockLeadRow(tx, page.leadId);
      const mac = leadMac(deps.keyRing, leadUuid);
      if (page === undefined || row === undefined || row.status === 'erasing') {
        const known = await findErasureOfLead(tx, accountId, mac);
        if (known === undefined) throw leadNotFound();
        if (row === undefined) throw leadErased();
        return { erasure: known, link: null };
      }
      const lead = openLead(deps.keyRing, page, row);
      const link = deps.ids.bytes(LINK_BYTES);
      const requestedAt = deps.clock.now();
      await markErasing(tx, row.id);
      await deps.skipPendingOfLead(tx, row.id, 'erased');
      await deps.skipRepliesOfLead(tx, row.id, 'erased');
      const code = deps.ids.bytes(CODE_BYTES).toString('hex');
      await insertErasure(tx, {
        uuid: erasureUuid,
        code,
        accountId,
        pageId: page.id,
        origin: 'api',
        leadId: row.id,
        leadMac: mac,
        subjectSha256: subjectHash(page.metaPageId, lead.psid, link),
        bucket: row.bucket,
        requestedAt,
      });
      await recordAudit(tx, deps, {
        accountId,
        kind: 'erasure.requested',
        detail: { erasure: erasureUuid, origin: 'api' },
      });
      const none = { rowsDeletedAt: null, keysDestroyedAt: null, completedAt: null, certificate: null };
      return { erasure: { uuid: erasureUuid, code, state: 'waiting', requestedAt, ...none }, link };
    });

/** Whether a lead of the account was erased or is being erased. */
export const makeIsErased =
  ({ db, keyRing }: { readonly db: Sql; readonly keyRing: KeyRing }) =>
  async (accountId: RowId, leadUuid: string): Promise<boolean> =>
    (await findErasureOfLead(db, accountId, leadMac(keyRing, leadUuid))) !== undefined;
