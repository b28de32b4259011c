import { recordAudit } from '../accounts';
import type { DeliveryReason } from '../broadcasts';
import { appendLeadEntry, type AppendDeps } from '../consent';
import type { KeyRing } from '../keyring.types';
import { leadNotFound, leadTransaction, lockLeadRow, openLead, type LeadPage, type OpenLead } from '../leads';
import { createHmac } from 'node:crypto';
import { openField, sealField, type FieldPlace } from '../../kernel/crypto/field-cipher';
import type { Database, RowId, Sql, Tx } from '../sql.types';
import { certificateLink, LINK_BYTES, subjectHash } from './certificate.rules';
import { withdrawBackups } from './discard-lead.store';
import { leadErased } from './erasure.errors';
import { findErasureOfLead, findLink, insertErasure, markErasing } from './erasure.store';
import type { ErasureOrigin, ErasureView } from './erasure.types';
import { bucketOf, findOwnLeadPage } from './lead-page.store';

const CODE_BYTES = 16;
const MAC_BYTES = 16;

const linkPlace = (erasureUuid: string): FieldPlace => ({ table: 'erasure', column: 'link_ct', row: erasureUuid });

export interface BeginErasureDeps extends AppendDeps {
  /** Skips everything bulk that waits for a lead. Needs the lead locked. */
  readonly skipPendingOfLead: (tx: Tx, leadId: RowId, reason: DeliveryReason) => Promise<unknown>;
  /** The same for replies. */
  readonly skipRepliesOfLead: (tx: Tx, leadId: RowId, reason: DeliveryReason) => Promise<unknown>;
}

export interface RequestErasureDeps extends BeginErasureDeps {
  readonly db: Database;
}

export interface RequestErasureInput {
  readonly accountId: RowId;
  readonly leadUuid: string;
  /** The id to make the erasure under. */
  readonly erasureUuid: string;
  /** The person wishes that a sealed mark stays, by which they are never written to again. Without their yes nothing may. */
  readonly keepsMark: boolean;
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
 * @throws {UserError} `lead_not_found`, also for a lead of another account; `lead_erased` once its rows are gone, and of somebody who is being
 *   erased because they asked in the chat
 */
export const makeRequestErasure =
  (deps: RequestErasureDeps) =>
  ({ accountId, leadUuid, erasureUuid, keepsMark }: RequestErasureInput): Promise<RequestedErasure> =>
    leadTransaction(deps, async (tx) => {
      const page = await findOwnLeadPage(tx, accountId, leadUuid);
      const row = page === undefined ? undefined : await lockLeadRow(tx, page.leadId);
      if (page === undefined || row === undefined || row.status === 'erasing') {
        const known = await findErasureOfLead(tx, accountId, leadMac(deps.keyRing, leadUuid));
        if (known === undefined) throw leadNotFound();
        // Theirs is their own: the account gets nothing that leads to its certificate.
        if (row === undefined || known.origin === 'chat') throw leadErased();
        return { erasure: known, link: null };
      }
      const lead = openLead(deps.keyRing, page, row);
      return beginErasure(tx, deps, { lead, page, origin: 'api', erasureUuid, keepsMark });
    });

interface NewErasure {
  readonly lead: OpenLead;
  readonly page: LeadPage;
  readonly origin: ErasureOrigin;
  readonly erasureUuid: string;
  readonly keepsMark: boolean;
}

async function beginErasure(
  tx: Tx,
  deps: BeginErasureDeps,
  { lead, page, origin, erasureUuid, keepsMark }: NewErasure,
): Promise<{ readonly erasure: ErasureView; readonly link: Buffer }> {
  const { row, dek, psid } = lead;
  const link = deps.ids.bytes(LINK_BYTES);
  const requestedAt = deps.clock.now();
  const code = deps.ids.bytes(CODE_BYTES).toString('hex');
  if (keepsMark) await appendLeadEntry(tx, deps, lead, page, { kind: 'object', request: erasureUuid });
  await markErasing(tx, row.id);
  await withdrawBackups(tx, row.accountId);
  await deps.skipPendingOfLead(tx, row.id, 'erased');
  await deps.skipRepliesOfLead(tx, row.id, 'erased');
  await insertErasure(tx, {
    uuid: erasureUuid,
    code,
    accountId: row.accountId,
    pageId: page.id,
    origin,
    leadId: row.id,
    leadMac: leadMac(deps.keyRing, row.uuid),
    subjectSha256: subjectHash(page.metaPageId, psid, link),
    linkCt: origin === 'chat' ? sealField(dek, linkPlace(erasureUuid), link) : null,
    bucket: await bucketOf(tx, row.id),
    requestedAt,
    keepsMark,
  });
  const detail = { erasure: erasureUuid, origin };
  await recordAudit(tx, deps, { accountId: row.accountId, kind: 'erasure.requested', detail });
  const none = { rowsDeletedAt: null, keysDestroyedAt: null, completedAt: null, certificate: null };
  const recipients = { notified: 0, pending: 0, failed: 0 };
  return { erasure: { uuid: erasureUuid, code, state: 'waiting', requestedAt, recipients, ...none }, link };
}

/**
 * Begins the erasure of a lead that was kept long enough. Nobody holds the link of its certificate.
 *
 * @returns false when, under its lock, the lead is gone, is being erased, or `isOver` says no: it may just have written
 */
export const makeEraseByAge =
  (deps: RequestErasureDeps) =>
  (
    { accountId, leadUuid }: Pick<RequestErasureInput, 'accountId' | 'leadUuid'>,
    isOver: (tx: Tx, leadId: RowId) => Promise<boolean>,
  ): Promise<boolean> =>
    leadTransaction(deps, async (tx) => {
      const page = await findOwnLeadPage(tx, accountId, leadUuid);
      const row = page === undefined ? undefined : await lockLeadRow(tx, page.leadId);
      if (page === undefined || row === undefined || !(await isOver(tx, row.id))) return false;
      const lead = openLead(deps.keyRing, page, row);
      await beginErasure(tx, deps, { lead, page, origin: 'retention', erasureUuid: deps.ids.uuid(), keepsMark: false });
      return true;
    });

export interface EraseByChatDeps extends BeginErasureDeps {
  /** The last thing that is sent to the person. */
  readonly queueErasureLink: (
    tx: Tx,
    reply: { readonly leadId: RowId; readonly pageId: RowId; readonly cause: string; readonly language: string },
  ) => Promise<unknown>;
}

export interface ErasureWish {
  /** Of the last reply. */
  readonly cause: string;
  readonly language: string;
  readonly keepsMark: boolean;
}

/**
 * Erases a person who said yes in the chat, in the transaction of their yes. Needs the lead locked. The address of the certificate is
 * sent to them before their rows go.
 */
export const makeEraseByChat =
  (deps: EraseByChatDeps) =>
  async (tx: Tx, { row: { id } }: OpenLead, page: LeadPage, { keepsMark, ...reply }: ErasureWish): Promise<void> => {
    // Their yes may have grown the chain: the lead is read as it is now.
    const row = await lockLeadRow(tx, id);
    if (row === undefined) throw leadNotFound();
    const lead = openLead(deps.keyRing, page, row);
    await beginErasure(tx, deps, { lead, page, origin: 'chat', erasureUuid: deps.ids.uuid(), keepsMark });
    await deps.queueErasureLink(tx, { leadId: id, pageId: page.id, ...reply });
  };

/** What the person gets of their erasure. Null once the rows are gone. */
export const makeErasureLink =
  ({ db, publicUrl }: { readonly db: Sql; readonly publicUrl: string }) =>
  async (leadId: RowId, dek: Buffer): Promise<string | null> => {
    const found = await findLink(db, leadId);
    if (found === undefined) return null;
    return certificateLink(publicUrl, found.code, openField(dek, linkPlace(found.uuid), found.linkCt));
  };

/** Whether a lead of the account was erased or is being erased. */
export const makeIsErased =
  ({ db, keyRing }: { readonly db: Sql; readonly keyRing: KeyRing }) =>
  async (accountId: RowId, leadUuid: string): Promise<boolean> =>
    (await findErasureOfLead(db, accountId, leadMac(keyRing, leadUuid))) !== undefined;
