import { until } from '../test/support/until';
import type { Stage, StagePage } from './stage';

export const MESSAGE = { text: 'We open on Monday. Coffee is on us.' } as const;

export interface Ran {
  readonly accepted: number;
  /** From the first claim to the last record. */
  readonly seconds: number;
}

export async function launch(stage: Stage, pages: readonly StagePage[]): Promise<string> {
  const { id } = await stage.api.expect<{ id: string }>(201, 'POST', '/v1/broadcasts', {
    name: 'bench',
    purpose: 'promotional',
    page_ids: pages.map((page) => page.metaPageId),
    message: MESSAGE,
  });
  await stage.api.expect(202, 'POST', `/v1/broadcasts/${id}/launch`);
  return id;
}

/** Sends one broadcast to the end and checks that everybody was accepted. */
export async function sendAll(
  stage: Stage,
  pages: readonly StagePage[],
  timeoutMs: number,
): Promise<Ran & { id: string }> {
  const id = await launch(stage, pages);
  await until(
    'the broadcast to complete',
    async () => {
      const row = await stage.db.first<{ status: string }>('select status from broadcast where public_id = $1', [id]);
      return row?.status === 'completed';
    },
    timeoutMs,
  );
  const row = await stage.db.first<{ accepted: number; audience: number; seconds: number }>(
    `select count(*) filter (where status = 'accepted')::int as accepted, count(*)::int as audience,
       extract(epoch from max(settled_at) - min(claimed_at))::float8 as seconds
      from delivery where broadcast_id = (select id from broadcast where public_id = $1)`,
    [id],
  );
  if (row === undefined || row.accepted !== row.audience)
    throw new Error(`only ${String(row?.accepted)} of ${String(row?.audience)} messages were accepted`);
  return { id, ...row };
}

/** Waits until every webhook the sandbox owes has come and has been given its meaning. */
export async function settleWebhooks(stage: Stage): Promise<void> {
  await until(
    'the inbox to be empty',
    async () => {
      const { totals } = await stage.sandboxState();
      if (totals.webhooks.pending > 0) return false;
      const row = await stage.db.first<{ waiting: number }>('select count(*)::int as waiting from inbox');
      return row?.waiting === 0;
    },
    300_000,
  );
}
