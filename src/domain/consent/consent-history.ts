import { openField } from '../../kernel/crypto/field-cipher';
import { parseCanonicalJson } from '../../kernel/crypto/jcs';
import type { KeyRing } from '../keyring.types';
import { leadNotFound, leadTransaction, openLead, readLeadRow } from '../leads';
import type { Database, RowId, Sql } from '../sql.types';
import { NONCE_BYTES, openingPlace } from './append-entry';
import { commitment } from './ledger/commitment.rules';
import { readOpenings } from './opening.store';

/** One entry of a person's chain, as its account may read it. */
export interface HistoryEntry {
  readonly entryId: string;
  readonly commitment: string;
  readonly n: number;
  readonly kind: string;
  /** RFC 3339: when it was written, and when the person acted. */
  readonly at: string;
  readonly eventAt: string | null;
  readonly via: string | null;
  readonly state: string | null;
  readonly purposes: readonly string[];
  readonly basis: string | null;
  readonly notice: { readonly version: number; readonly language: string; readonly sha256: string } | null;
}

/** An entry with everything needed to recompute its commitment. */
export interface OpenedEntry {
  readonly entryId: string;
  readonly body: Buffer;
  readonly nonce: Buffer;
}

interface EntryBody {
  readonly kind: string;
  readonly at: string;
  readonly event_at?: string;
  readonly via?: string;
  readonly state?: string;
  readonly purposes?: readonly string[];
  readonly basis?: string;
  readonly notice?: { readonly version: number; readonly lang: string; readonly sha256: string };
  readonly subject: { readonly n: number };
}

/** Every entry of a lead's chain that is kept, opened; in no order. */
export async function openEntries(sql: Sql, dek: Buffer, leadId: RowId): Promise<OpenedEntry[]> {
  const rows = await readOpenings(sql, leadId);
  return rows.map(({ entryId, openingCt }) => {
    const opening = openField(dek, openingPlace(entryId), openingCt);
    const bodyBytes = opening.length - NONCE_BYTES;
    return { entryId, body: opening.subarray(0, bodyBytes), nonce: opening.subarray(bodyBytes) };
  });
}

export interface ConsentHistoryDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
}

/**
 * What a lead agreed to and took back, oldest first.
 *
 * @throws {UserError} `lead_not_found`, also for a lead of another account
 */
export const makeConsentHistory =
  (deps: ConsentHistoryDeps) =>
  ({ accountId, leadUuid }: { readonly accountId: RowId; readonly leadUuid: string }): Promise<HistoryEntry[]> =>
    leadTransaction(deps, async (tx) => {
      const found = await tx.first<{ id: RowId; pageUuid: string }>(
        `select l.id, p.public_id as "pageUuid" from lead l join page p on p.id = l.page_id
         where l.account_id = $1 and l.public_id = $2 and l.status <> 'erasing'`,
        [accountId, leadUuid],
      );
      const row = found === undefined ? undefined : await readLeadRow(tx, found.id);
      if (found === undefined || row === undefined) throw leadNotFound();
      const { dek } = openLead(deps.keyRing, { uuid: found.pageUuid }, row);
      return historyOf(await openEntries(tx, dek, found.id));
    });

/** A person's chain in order, read out of its openings. */
export const historyOf = (entries: readonly OpenedEntry[]): HistoryEntry[] =>
  entries.map(toHistoryEntry).sort((a, b) => a.n - b.n);

function toHistoryEntry({ entryId, body, nonce }: OpenedEntry): HistoryEntry {
  const entry = parseCanonicalJson(body) as EntryBody;
  const { notice } = entry;
  return {
    entryId,
    commitment: commitment(body, nonce).toString('hex'),
    n: entry.subject.n,
    kind: entry.kind,
    at: entry.at,
    eventAt: entry.event_at ?? null,
    via: entry.via ?? null,
    state: entry.state ?? null,
    purposes: entry.purposes ?? [],
    basis: entry.basis ?? null,
    notice: notice === undefined ? null : { version: notice.version, language: notice.lang, sha256: notice.sha256 },
  };
}
