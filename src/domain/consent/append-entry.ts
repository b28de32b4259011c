import type { Clock } from '../../kernel/clock';
import { sealField, type FieldPlace } from '../../kernel/crypto/field-cipher';
import { InvariantError } from '../../kernel/errors';
import type { Ids } from '../../kernel/ids';
import { findAccountUuid } from '../accounts';
import type { KeyRing } from '../keyring.types';
import type { OpenLead } from '../leads';
import { pendingMac } from '../ledger';
import type { AppendPageEntry } from '../pages';
import type { RowId, Tx } from '../sql.types';
import { commitment, sendsRoot } from './ledger/commitment.rules';
import { leadEntryBody, systemEntryBody } from './ledger/entry-body.rules';
import type { LeadEntry, SystemEntry } from './ledger/entry-body.types';
import { accountOpeningMac, leadOpeningMac } from './ledger/opening-owner.rules';
import { insertLeadEntry, insertSends, insertSystemEntry, type PendingEntry } from './opening.store';

/** Random bytes a commitment is blinded with; the opening of an entry is its body followed by these. */
export const NONCE_BYTES = 64;

export interface AppendDeps {
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Origin of the log, made once for the installation. */
  readonly logOrigin: string;
}

/** The Page of a person, as their entries and keys know it. */
export interface EntryPage {
  readonly uuid: string;
  readonly metaPageId: string;
}

export interface AppendedEntry {
  readonly entryId: string;
  readonly commitment: Buffer;
}

export interface AppendedLeadEntry extends AppendedEntry {
  readonly n: number;
  /** The lead with its chain grown; append the next entry to this one. */
  readonly lead: OpenLead;
}

export const openingPlace = (entryId: string): FieldPlace => ({
  table: 'ledger_opening',
  column: 'opening_ct',
  row: entryId,
});

/**
 * Adds an entry to a person's chain. Needs the lead locked in this transaction.
 *
 * @throws {InvariantError} `chain_moved` when the lead was read without its lock
 */
export async function appendLeadEntry(
  tx: Tx,
  deps: AppendDeps,
  lead: OpenLead,
  page: EntryPage,
  entry: LeadEntry,
): Promise<AppendedLeadEntry> {
  const n = lead.row.chainN + 1;
  const subject = { ref: lead.row.subjectRef, n, prev: lead.row.chainHead };
  const at = deps.clock.now();
  const body = leadEntryBody({ log: deps.logOrigin, metaPageId: page.metaPageId, psid: lead.psid, at, subject }, entry);
  const nonce = deps.ids.bytes(NONCE_BYTES);
  const pending = pendingEntry(deps, body, nonce);
  const owner = { entryId: pending.entryId, pageUuid: page.uuid, leadUuid: lead.row.uuid, n };
  const linked = await insertLeadEntry(tx, pending, {
    leadId: lead.row.id,
    accountId: lead.row.accountId,
    openingCt: sealField(lead.dek, openingPlace(pending.entryId), Buffer.concat([body, nonce])),
    ownerMac: leadOpeningMac(deps.keyRing.systemKey('opening-owner'), owner),
    n,
  });
  if (linked !== 1) throw new InvariantError('chain_moved', "a person's chain changed under an entry being added");
  const row = { ...lead.row, chainN: n, chainHead: pending.commitment };
  return { entryId: pending.entryId, commitment: pending.commitment, n, lead: { ...lead, row } };
}

/** Adds an entry that concerns no person. Its opening stays readable. */
export async function appendSystemEntry(
  tx: Tx,
  deps: AppendDeps,
  accountId: RowId | null,
  entry: SystemEntry,
  at = deps.clock.now(),
): Promise<AppendedEntry> {
  const body = systemEntryBody({ log: deps.logOrigin, at }, entry);
  const nonce = deps.ids.bytes(NONCE_BYTES);
  const pending = pendingEntry(deps, body, nonce);
  const accountUuid = accountId === null ? null : await findAccountUuid(tx, accountId);
  if (accountUuid === null && accountId !== null)
    throw new InvariantError('account_missing', 'an entry is of an account that is not there');
  const ownerMac = accountOpeningMac(deps.keyRing.systemKey('opening-owner'), pending.entryId, accountUuid);
  await insertSystemEntry(tx, pending, { accountId, opening: Buffer.concat([body, nonce]), ownerMac });
  return { entryId: pending.entryId, commitment: pending.commitment };
}

export interface SendsInput {
  readonly accountId: RowId;
  readonly pageId: RowId;
  readonly metaPageId: string;
  readonly broadcastId: RowId;
  readonly broadcastUuid: string;
  readonly contentSha256: Buffer;
  readonly isTest: boolean;
  /** That of its messages, which are claimed by the database's clock: a verifier holds the two against each other. */
  readonly at: Date;
  /** One for each message of the chunk, in claim order. */
  readonly commitments: readonly Buffer[];
}

/** Logs that the messages of a chunk were authorised, in the transaction that claims them. */
export async function appendSends(tx: Tx, deps: AppendDeps, input: SendsInput): Promise<AppendedEntry> {
  const entry = {
    kind: 'sends',
    metaPageId: input.metaPageId,
    broadcast: input.broadcastUuid,
    contentSha256: input.contentSha256,
    isTest: input.isTest,
    n: input.commitments.length,
    root: sendsRoot(input.commitments),
  } as const;
  const appended = await appendSystemEntry(tx, deps, input.accountId, entry, input.at);
  await insertSends(tx, {
    entryId: appended.entryId,
    broadcastId: input.broadcastId,
    pageId: input.pageId,
    commitments: Buffer.concat(input.commitments),
  });
  return appended;
}

/** What Pages write into the ledger, for wiring. */
export const makeAppendPageEntry =
  (deps: AppendDeps): AppendPageEntry =>
  (tx, entry, accountId) =>
    appendSystemEntry(tx, deps, accountId, entry);

function pendingEntry({ keyRing, ids }: AppendDeps, body: Buffer, nonce: Buffer): PendingEntry {
  const entryId = ids.uuid();
  const commits = commitment(body, nonce);
  const { id: macKeyId, key } = keyRing.pendingMacKey();
  return { entryId, commitment: commits, mac: pendingMac(key, entryId, commits), macKeyId };
}
