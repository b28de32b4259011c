import type { AnchorClass } from '../ledger';
import type { Sql } from '../sql.types';
import type { RowTime } from './audit-chain.rules';
import { timeText } from './audit-people.store';

export interface AnchorAuditRow {
  readonly size: string;
  readonly name: string;
  readonly class: AnchorClass;
  readonly token: Buffer;
  readonly certificates: string | null;
  readonly anchoredAt: RowTime;
  /** Null when there is no such checkpoint. */
  readonly note: string | null;
  /** Null for a time that is none. */
  readonly signedAt: Date | null;
  /** Whoever vouched was asked at some time. */
  readonly isKnown: boolean;
}

export const readAnchorRows = (
  sql: Sql,
  after: Pick<AnchorAuditRow, 'size' | 'name'> | null,
  limit: number,
): Promise<AnchorAuditRow[]> =>
  sql.rows(
    `select a.size, a.name, a.class, a.token, a.certificates, ${timeText('a.anchored_at')} as "anchoredAt", c.note,
       case when isfinite(c.signed_at) then c.signed_at end as "signedAt",
       exists (select from anchor_service s where s.name = a.name) as "isKnown"
      from anchor a left join ledger_checkpoint c on c.size = a.size
     where $1::bigint is null or (a.size, a.name) > ($1::bigint, $2::text) order by a.size, a.name limit $3`,
    [after?.size ?? null, after?.name ?? null, limit],
  );
