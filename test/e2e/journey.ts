import { Client } from 'pg';
import type { SandboxState } from '../../src/sandbox';
import type { Api } from '../support/api';
import { until } from '../support/until';

/** Where a run takes place: the API (any of its processes), the sandbox, and the database to look at afterwards. */
export interface Stage {
  readonly api: Api;
  /** `http://…/sandbox` */
  readonly sandboxUrl: string;
  readonly databaseUrl: string;
}

export interface StagePage {
  readonly pageId: string;
  readonly people: number;
  readonly ratePerSecond: number;
}

/** Said by nobody else, so that it can be looked for in files. */
export const CANARY = 'canary-q7x2-opening-offer';
export const PERSON_CANARY = 'canary-person-words-8812';

const JSON_HEADERS = { 'content-type': 'application/json' };

export async function act(stage: Stage, body: Record<string, unknown>): Promise<Record<string, unknown>> {
  const response = await fetch(`${stage.sandboxUrl}/events`, {
    method: 'POST',
    headers: JSON_HEADERS,
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`the sandbox refused: ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}

export async function setFaults(stage: Stage, body: Record<string, unknown>): Promise<void> {
  const response = await fetch(`${stage.sandboxUrl}/faults`, {
    method: 'POST',
    headers: JSON_HEADERS,
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`the sandbox refused the faults: ${await response.text()}`);
}

export async function sandboxState(stage: Stage, query: string): Promise<SandboxState> {
  const response = await fetch(`${stage.sandboxUrl}/state?${query}`);
  return (await response.json()) as SandboxState;
}

export async function connectPages(stage: Stage, plan: readonly Omit<StagePage, 'pageId'>[]): Promise<StagePage[]> {
  const { pages } = await sandboxState(stage, 'summary=1');
  const connected: StagePage[] = [];
  for (const [index, wanted] of plan.entries()) {
    const page = pages[index];
    if (page === undefined) throw new Error('the sandbox has too few Pages');
    await stage.api.expect(201, 'POST', '/v1/pages', {
      page_id: page.id,
      name: page.name,
      access_token: page.token,
      rate_per_second: wanted.ratePerSecond,
      ...(wanted.ratePerSecond > 40 ? { accept_risk_above_40: true } : {}),
    });
    connected.push({ ...wanted, pageId: page.id });
  }
  return connected;
}

interface Estimate {
  readonly audience: number;
  readonly eligible: number;
}

/** Everybody starts a conversation; some webhooks come twice. Resolves when every welcome was accepted. */
export async function gatherLeads(stage: Stage, pages: readonly StagePage[]): Promise<void> {
  await setFaults(stage, {
    webhooks: { duplicate: 1, reorder_window: 5, fields: ['messages', 'messaging_postbacks'] },
  });
  for (const page of pages) {
    await act(stage, {
      page_id: page.pageId,
      kind: 'message',
      text: `hello ${PERSON_CANARY}`,
      people: page.people,
      rate: 400,
    });
  }
  const total = pages.reduce((sum, page) => sum + page.people, 0);
  await until(
    `${String(total)} eligible leads`,
    async () => {
      const estimate = await stage.api.expect<Estimate>(200, 'POST', '/v1/audiences/estimate', {
        page_ids: pages.map((page) => page.pageId),
      });
      return estimate.audience === total && estimate.eligible === total;
    },
    300_000,
  );
}

export interface BroadcastBody {
  readonly id: string;
  readonly status: string;
  readonly stats: Record<
    'audience' | 'pending' | 'sending' | 'held' | 'accepted' | 'rejected' | 'uncertain',
    number
  > & {
    readonly skipped: Record<string, number>;
  };
}

export const broadcastOf = (stage: Stage, id: string) =>
  stage.api.expect<BroadcastBody>(200, 'GET', `/v1/broadcasts/${id}`);

export async function launchBroadcast(stage: Stage, pages: readonly StagePage[]): Promise<string> {
  const draft = await stage.api.expect<BroadcastBody>(201, 'POST', '/v1/broadcasts', {
    name: 'Opening',
    purpose: 'promotional',
    page_ids: pages.map((page) => page.pageId),
    message: {
      text: `We open on Monday. ${CANARY}`,
      buttons: [{ type: 'url', title: 'Menu', url: 'https://example.com/menu' }],
    },
  });
  const total = pages.reduce((sum, page) => sum + page.people, 0);
  const preflight = await stage.api.expect<Estimate>(200, 'POST', `/v1/broadcasts/${draft.id}/preflight`);
  expect(preflight.eligible).toBe(total);
  await stage.api.expect(202, 'POST', `/v1/broadcasts/${draft.id}/launch`);
  return draft.id;
}

/** Taps Unsubscribe for some people of a Page while the broadcast runs, those first who are written to last. */
export async function unsubscribeSome(
  stage: Stage,
  page: StagePage,
  count: number,
  spreadMs: number,
): Promise<Set<string>> {
  const left = new Set<string>();
  for (let index = 0; index < count; index += 1) {
    const person = `lead-${String(page.people - 1 - Math.floor((index * page.people) / count))}`;
    const { psid } = await act(stage, {
      page_id: page.pageId,
      person,
      kind: 'postback',
      payload: 'assent:v1:unsubscribe',
    });
    left.add(psid as string);
    await new Promise((resolve) => setTimeout(resolve, spreadMs / count));
  }
  return left;
}

export interface Received {
  readonly psid: string;
  readonly atMs: number;
  readonly text: string;
  readonly hasUnsubscribe: boolean;
}

/** Every message of the broadcast that arrived at Messenger. */
export async function receivedBroadcast(stage: Stage, pages: readonly StagePage[]): Promise<Received[]> {
  const states = await Promise.all(
    pages.map((page) => sandboxState(stage, `page_id=${page.pageId}&limit=${String(page.people + 100)}`)),
  );
  return states
    .flatMap(({ people }) => people.flatMap(({ psid, received }) => received.map((receipt) => ({ psid, ...receipt }))))
    .map(({ psid, at_ms: atMs, message }) => ({ psid, atMs, text: JSON.stringify(message) }))
    .filter(({ text }) => text.includes(CANARY))
    .map((one) => ({ ...one, hasUnsubscribe: one.text.includes('assent:v1:unsubscribe:') }));
}

export function expectAddsUp({ stats }: BroadcastBody, audience: number): void {
  const skipped = Object.values(stats.skipped).reduce((sum, count) => sum + count, 0);
  const { pending, sending, held, accepted, rejected, uncertain } = stats;
  expect(stats.audience).toBe(audience);
  expect(pending + sending + held + accepted + rejected + uncertain + skipped).toBe(audience);
}

export function expectNobodyTwice(received: readonly Received[]): void {
  const seen = new Map<string, number>();
  for (const { psid } of received) seen.set(psid, (seen.get(psid) ?? 0) + 1);
  expect([...seen.values()].filter((count) => count > 1)).toHaveLength(0);
}

/** Messages that were authorised: also those to people who left between the claim and the sending. */
export const authorisedCount = (stage: Stage, broadcastUuid: string): Promise<number> =>
  countRows(
    stage,
    `select count(*)::int as count from delivery d join broadcast b on b.id = d.broadcast_id
      where b.public_id = $1 and d.sends_entry is not null`,
    [broadcastUuid],
  );

/** Every attempt that an entry authorised: also those of messages that were claimed again after their worker was gone. */
export const authorisedAttempts = (stage: Stage): Promise<number> =>
  countRows(stage, `select coalesce(sum(octet_length(commitments) / 32), 0)::int as count from ledger_sends`);

async function countRows(stage: Stage, sql: string, parameters: readonly unknown[] = []): Promise<number> {
  const client = new Client({ connectionString: stage.databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ count: number }>(sql, [...parameters]);
  await client.end();
  return rows[0]?.count ?? 0;
}

/**
 * When each person's withdrawal was committed, by the database's own record. Needs `track_commit_timestamp`.
 *
 * @returns milliseconds by page-scoped id
 */
export async function withdrawalTimes(
  stage: Stage,
  page: StagePage,
  psids: ReadonlySet<string>,
): Promise<Map<string, number>> {
  const client = new Client({ connectionString: stage.databaseUrl });
  await client.connect();
  const times = new Map<string, number>();
  for (const psid of psids) {
    const lead = await stage.api.expect<{ id: string }>(200, 'POST', '/v1/leads/lookup', {
      page_id: page.pageId,
      psid,
    });
    const history = await stage.api.expect<{ data: { kind: string; entry_id: string }[] }>(
      200,
      'GET',
      `/v1/leads/${lead.id}/consent`,
    );
    const entry = history.data.find(({ kind }) => kind === 'withdraw');
    const { rows } = await client.query<{ at: string }>(
      'select extract(epoch from pg_xact_commit_timestamp(xmin))::float8 * 1000 as at from ledger_opening where entry_id = $1',
      [entry?.entry_id],
    );
    const at = Number(rows[0]?.at);
    expect(Number.isFinite(at)).toBe(true);
    times.set(psid, at);
  }
  await client.end();
  expect(times.size).toBe(psids.size);
  return times;
}

/** No POST starts more than 500 ms after the unsubscribe was committed; its arrival adds the way to the sandbox. */
const STOP_BOUND_MS = 500;

/** The pace at the sender, exact: in no sliding second did more POSTs start for a Page than its cap. */
export async function expectWithinRate(stage: Stage, pages: readonly StagePage[]): Promise<void> {
  for (const { pageId, ratePerSecond } of pages) {
    const starts = await postStarts(stage, pageId);
    let first = 0;
    let worst = 0;
    starts.forEach((start, last) => {
      while ((starts[first] ?? start) <= start - 1_000) first += 1;
      worst = Math.max(worst, last - first + 1);
    });
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThanOrEqual(ratePerSecond);
  }
  await expectReceivedWithinDefault(stage, pages);
}

/** Above 40 messages a second Meta freezes a Page: never reached at the receiver with the default cap. */
export async function expectReceivedWithinDefault(stage: Stage, pages: readonly StagePage[]): Promise<void> {
  const { pages: seen } = await sandboxState(stage, 'summary=1');
  const defaults = pages.filter(({ ratePerSecond }) => ratePerSecond <= 35);
  expect(defaults.length).toBeGreaterThan(0);
  for (const { pageId } of defaults) {
    const most = seen.find((page) => page.id === pageId)?.most_calls_in_any_second ?? 0;
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(40);
  }
}

/** When each POST of a Page started, by the sender's clock; ms, ascending. */
async function postStarts(stage: Stage, pageId: string): Promise<number[]> {
  const client = new Client({ connectionString: stage.databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ at: string }>(
    `select extract(epoch from post_started_at) * 1000 as at
       from (select page_id, post_started_at from delivery union all select page_id, post_started_at from reply) posts
      where page_id = (select id from page where meta_page_id = $1) and post_started_at is not null
      order by post_started_at`,
    [pageId],
  );
  await client.end();
  return rows.map(({ at }) => Number(at));
}

export function expectNothingAfterWithdrawal(received: readonly Received[], times: ReadonlyMap<string, number>): void {
  const late = received.filter(
    ({ psid, atMs }) => atMs > (times.get(psid) ?? Number.POSITIVE_INFINITY) + STOP_BOUND_MS,
  );
  expect(late).toHaveLength(0);
}
