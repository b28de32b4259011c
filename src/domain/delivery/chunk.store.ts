import type { BroadcastRow } from '../broadcasts';
import type { RowId, Sql } from '../sql.types';
import type { Reread } from './chunk-guard';
import type { SendPageRow } from './delivery.types';

/** Everything a job has to know before it takes rows, in one read. */
export interface ChunkStand {
  readonly broadcastStatus: BroadcastRow['status'];
  readonly broadcast: Pick<
    BroadcastRow,
    'id' | 'uuid' | 'accountId' | 'definitionCt' | 'contentSha256' | 'ratePerSecond'
  >;
  readonly page: SendPageRow;
  readonly isPageActive: boolean;
  readonly isOpen: boolean;
  readonly generation: number;
  readonly slotDelayMs: number;
  readonly throttledMs: number;
  readonly hasDueReplies: boolean;
}

const PAGE = `p.id as "pageId", p.public_id as "pageUuid", p.account_id as "accountId", p.meta_page_id as "metaPageId",
  p.name as "pageName", p.token_ct as "tokenCt", p.rate_per_second as "pageRate", p.opt_in_mode as "optInMode",
  p.state = 'active' as "isPageActive"`;
const PACE = `greatest(0, extract(epoch from pp.next_free_at - clock_timestamp()) * 1000)::float8 as "slotDelayMs",
  greatest(0, coalesce(extract(epoch from pp.throttled_until - clock_timestamp()) * 1000, 0))::float8 as "throttledMs",
  exists (select from reply r where r.page_id = p.id and r.status = 'pending' and r.due_at <= clock_timestamp())
    as "hasDueReplies"`;

interface PageColumns {
  readonly pageId: RowId;
  readonly pageUuid: string;
  readonly accountId: RowId;
  readonly metaPageId: string;
  readonly pageName: string;
  readonly tokenCt: Buffer | null;
  readonly pageRate: number;
  readonly optInMode: SendPageRow['optInMode'];
  readonly isPageActive: boolean;
  readonly slotDelayMs: number;
  readonly throttledMs: number;
  readonly hasDueReplies: boolean;
}

interface StandColumns extends PageColumns {
  readonly broadcastId: RowId;
  readonly broadcastUuid: string;
  readonly broadcastStatus: BroadcastRow['status'];
  readonly definitionCt: Buffer;
  readonly contentSha256: Buffer;
  readonly broadcastRate: number | null;
  readonly pageState: string;
  readonly generation: number;
}

const toPage = (row: PageColumns): SendPageRow => ({
  id: row.pageId,
  uuid: row.pageUuid,
  accountId: row.accountId,
  metaPageId: row.metaPageId,
  name: row.pageName,
  tokenCt: row.tokenCt,
  ratePerSecond: row.pageRate,
  optInMode: row.optInMode,
});

export async function readStand(sql: Sql, broadcastUuid: string, pageUuid: string): Promise<ChunkStand | undefined> {
  const row = await sql.first<StandColumns>(
    `select b.id as "broadcastId", b.public_id as "broadcastUuid", b.status as "broadcastStatus",
       b.definition_ct as "definitionCt", b.content_sha256 as "contentSha256", b.rate_per_second as "broadcastRate",
       bp.state as "pageState", bp.generation, ${PAGE}, ${PACE}
      from broadcast b join broadcast_page bp on bp.broadcast_id = b.id join page p on p.id = bp.page_id
        join page_pace pp on pp.page_id = p.id
      where b.public_id = $1 and p.public_id = $2`,
    [broadcastUuid, pageUuid],
  );
  if (row === undefined) return undefined;
  return {
    broadcastStatus: row.broadcastStatus,
    broadcast: {
      id: row.broadcastId,
      uuid: row.broadcastUuid,
      accountId: row.accountId,
      definitionCt: row.definitionCt,
      contentSha256: row.contentSha256,
      ratePerSecond: row.broadcastRate,
    },
    page: toPage(row),
    isPageActive: row.isPageActive,
    isOpen: row.pageState === 'open',
    generation: row.generation,
    slotDelayMs: row.slotDelayMs,
    throttledMs: row.throttledMs,
    hasDueReplies: row.hasDueReplies,
  };
}

export type PageStand = Pick<ChunkStand, 'page' | 'isPageActive' | 'slotDelayMs' | 'throttledMs' | 'hasDueReplies'>;

export async function readPageStand(sql: Sql, pageUuid: string): Promise<PageStand | undefined> {
  const row = await sql.first<PageColumns>(
    `select ${PAGE}, ${PACE} from page p join page_pace pp on pp.page_id = p.id where p.public_id = $1`,
    [pageUuid],
  );
  return row === undefined ? undefined : { ...row, page: toPage(row) };
}

const REREAD = `
  select b.status = 'sending' and bp.state = 'open' and p.state = 'active'
      and (pp.throttled_until is null or pp.throttled_until <= clock_timestamp()) as "isOpen",
    g.seqs, g.reasons
   from broadcast b join broadcast_page bp on bp.broadcast_id = b.id join page p on p.id = bp.page_id
     join page_pace pp on pp.page_id = p.id
     cross join lateral (
       select array_agg(d.seq) as seqs,
         array_agg(case when d.status <> 'sending' then null when l.id is null or l.status = 'erasing' then 'erased'
           when l.restricted_at is not null then 'restricted' when l.status in ('unsubscribed', 'suppressed') then l.status
           else 'no_consent' end) as reasons
        from delivery d left join lead l on l.id = d.lead_id
       where d.broadcast_id = $1 and d.seq = any($3::int[])
         and (d.status <> 'sending' or l.id is null or l.status <> 'subscribed' or l.restricted_at is not null)
     ) g
  where b.id = $1 and bp.page_id = $2`;

/** Whether a chunk may go on, and which of its messages may not. One query. */
export async function rereadChunk(
  sql: Sql,
  broadcastId: RowId,
  pageId: RowId,
  seqs: readonly number[],
): Promise<Reread> {
  const row = await sql.first<{ isOpen: boolean; seqs: number[] | null; reasons: (string | null)[] | null }>(REREAD, [
    broadcastId,
    pageId,
    seqs,
  ]);
  const gone = (row?.seqs ?? []).map((seq, at) => ({ seq, reason: row?.reasons?.[at] ?? null }));
  return { isOpen: row?.isOpen ?? false, gone };
}
