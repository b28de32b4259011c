import { RETENTION } from '../../../config/retention';
import { openField } from '../../kernel/crypto/field-cipher';
import type { KeyRing } from '../keyring.types';
import { onRing, type LeadKeyRow } from '../leads';
import type { RowId, Tx } from '../sql.types';

export interface SeenReceipt {
  readonly leadId: RowId;
  readonly watermarkMs: number | null;
  readonly mids: readonly string[];
}

export interface ReceiptDeps {
  readonly keyRing: KeyRing;
}

/**
 * Everything sent to the lead at or before the watermark has arrived. A message still on its way is noted too: the
 * record keeps the note only if the POST had started by then. Ids are a second way, for clocks that do not agree.
 *
 * Needs the lead locked; seen twice it says the same.
 */
export const makeApplyDelivered = (deps: ReceiptDeps) => makeApply(deps, 'delivered_at');

/** As delivered; what was read has also arrived. */
export const makeApplyRead = (deps: ReceiptDeps) => makeApply(deps, 'read_at');

/** What is older keeps no receipts: they were counted and forgotten (src/domain/retention). */
const FORGOTTEN = `clock_timestamp() - interval '${String(RETENTION.receiptDays)} days'`;

type Mark = 'delivered_at' | 'read_at';

const BY_WATERMARK: Readonly<Record<Mark, string>> = {
  delivered_at: watermarkSql(`delivered_at = $2`, 'delivered_at'),
  read_at: watermarkSql(`read_at = $2, delivered_at = coalesce(delivered_at, $2)`, 'read_at'),
};

function watermarkSql(change: string, mark: Mark): string {
  return `update delivery set ${change}
    where lead_id = $1 and ${mark} is null and status in ('accepted', 'sending', 'uncertain')
      and coalesce(post_started_at, claimed_at) <= $2::timestamptz
      and coalesce(post_started_at, claimed_at) > ${FORGOTTEN}`;
}

const BY_SEQ: Readonly<Record<Mark, string>> = {
  delivered_at: `update delivery set delivered_at = clock_timestamp()
    where broadcast_id = $1 and seq = $2 and delivered_at is null`,
  read_at: `update delivery set read_at = clock_timestamp(), delivered_at = coalesce(delivered_at, clock_timestamp())
    where broadcast_id = $1 and seq = $2 and read_at is null`,
};

function makeApply({ keyRing }: ReceiptDeps, mark: Mark) {
  return async (tx: Tx, { leadId, watermarkMs, mids }: SeenReceipt): Promise<number> => {
    let changed = watermarkMs === null ? 0 : await tx.run(BY_WATERMARK[mark], [leadId, new Date(watermarkMs)]);
    if (mids.length === 0) return changed;
    const named = new Set(mids);
    for (const row of await readOpenRows(tx, leadId, mark)) {
      if (!named.has(openMid(keyRing, row))) continue;
      changed += await tx.run(BY_SEQ[mark], [row.broadcastId, row.seq]);
    }
    return changed;
  };
}

type OpenRow = LeadKeyRow & {
  readonly broadcastId: RowId;
  readonly seq: number;
  readonly uuid: string;
  readonly midCt: Buffer;
  readonly pageUuid: string;
};

/** Rows no watermark has covered: seldom more than one. */
const readOpenRows = (tx: Tx, leadId: RowId, mark: Mark): Promise<OpenRow[]> =>
  tx.rows<OpenRow>(
    `select d.broadcast_id as "broadcastId", d.seq, d.public_id as uuid, d.mid_ct as "midCt", k.bucket,
       k.key_version as "keyVersion", k.dek_wrapped as "dekWrapped", k.psid_ct as "psidCt", p.public_id as "pageUuid"
      from delivery d join lead_key k on k.lead_id = d.lead_id join page p on p.id = d.page_id
      where d.lead_id = $1 and d.status = 'accepted' and d.mid_ct is not null
        and d.post_started_at > ${FORGOTTEN}
        and case $2 when 'read_at' then d.read_at else d.delivered_at end is null`,
    [leadId, mark],
  );

function openMid(keyRing: KeyRing, row: OpenRow): string {
  const dek = onRing(row.pageUuid, () =>
    keyRing.unwrapLeadKey(row.pageUuid, row.bucket, row.keyVersion, row.dekWrapped),
  );
  return openField(dek, { table: 'delivery', column: 'mid_ct', row: row.uuid }, row.midCt).toString('utf8');
}
