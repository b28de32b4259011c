import { historyOf, openEntries, type HistoryEntry, type OpenedEntry } from '../consent';
import type { KeyRing } from '../keyring.types';
import { askedTokenSha256, IS_THERE, leadTransaction, openLead, readLeadRow } from '../leads';
import { leafIndexes, makeLogProofs, readHead } from '../ledger';
import { readNoticeBodies } from '../pages';
import type { Database, RowId, Tx } from '../sql.types';
import { joinSides, type JoinSide } from './join-sides.rules';

export interface ReceiptDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
}

interface Inclusion {
  readonly index: number;
  /** From the leaf up; `side` is where the hash stands when it is joined. */
  readonly path: readonly { readonly hash: string; readonly side: JoinSide }[];
}

/** One entry of a person's chain, as that person may see it. */
export interface ReceiptEntry extends HistoryEntry {
  /** The whole wording that the entry names; null when it names none. */
  readonly wording: string | null;
  /** What the commitment is made of: canonical JSON, and the nonce in hex. */
  readonly body: string;
  readonly nonce: string;
  /** Its place in the signed log; null in the second before it is signed. */
  readonly inclusion: Inclusion | null;
}

export interface Receipt {
  readonly pageName: string;
  readonly entries: readonly ReceiptEntry[];
  /** The checkpoint all paths lead to; null while nothing has been signed. */
  readonly checkpoint: { readonly size: number; readonly root: string; readonly note: string } | null;
}

/**
 * What a person agreed to and took back, with the proof that it stands in the log. Looks, and changes nothing.
 *
 * @param token the secret in the address of the person's own page
 * @returns null for an unknown token
 */
export const makeShowReceipt =
  (deps: ReceiptDeps) =>
  async (token: string): Promise<Receipt | null> => {
    const tokenSha256 = askedTokenSha256(token);
    return tokenSha256 === null ? null : leadTransaction(deps, (tx) => readReceipt(tx, deps, tokenSha256));
  };

async function readReceipt(tx: Tx, { keyRing }: ReceiptDeps, tokenSha256: Buffer): Promise<Receipt | null> {
  const found = await tx.first<{ id: RowId; pageId: RowId; pageUuid: string; pageName: string }>(
    `select l.id, p.id as "pageId", p.public_id as "pageUuid", p.name as "pageName"
      from lead l join page p on p.id = l.page_id where l.web_token_sha256 = $1 and ${IS_THERE}`,
    [tokenSha256],
  );
  const row = found === undefined ? undefined : await readLeadRow(tx, found.id);
  if (found === undefined || row === undefined) return null;
  const opened = await openEntries(tx, openLead(keyRing, { uuid: found.pageUuid }, row).dek, found.id);
  const history = historyOf(opened);
  const wordings = await readNoticeBodies(
    tx,
    found.pageId,
    history.flatMap(({ notice }) => (notice === null ? [] : [notice.sha256])),
  );
  const head = await readHead(tx);
  const size = head?.size ?? 0;
  const inclusions = await inclusionsOf(tx, history, size);
  const openings = new Map(opened.map((entry) => [entry.entryId, readable(entry)]));
  return {
    pageName: found.pageName,
    entries: history.map((entry) => ({
      ...entry,
      ...(openings.get(entry.entryId) ?? { body: '', nonce: '' }),
      wording: entry.notice === null ? null : (wordings.get(entry.notice.sha256) ?? null),
      inclusion: inclusions.get(entry.entryId) ?? null,
    })),
    checkpoint: head === undefined ? null : { size, root: head.root.toString('base64'), note: head.note },
  };
}

const readable = ({ body, nonce }: OpenedEntry): Pick<ReceiptEntry, 'body' | 'nonce'> => ({
  body: body.toString('utf8'),
  nonce: nonce.toString('hex'),
});

async function inclusionsOf(
  tx: Tx,
  history: readonly HistoryEntry[],
  size: number,
): Promise<ReadonlyMap<string, Inclusion>> {
  const indexes = await leafIndexes(
    tx,
    history.map(({ entryId }) => entryId),
  );
  const signed = [...indexes].filter(([, index]) => index < size);
  const paths = await makeLogProofs(tx).inclusion(
    signed.map(([, index]) => index),
    size,
  );
  return new Map(signed.map(([entryId, index], at) => [entryId, inclusionOf(index, size, paths[at] ?? [])]));
}

function inclusionOf(index: number, size: number, hashes: readonly Buffer[]): Inclusion {
  const path = joinSides(index, size).map((side, at) => ({ hash: hashes[at]?.toString('base64') ?? '', side }));
  return { index, path };
}
