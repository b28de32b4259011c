import { messageOf } from './emitter';
import type { Person, SandboxState, StateQuery, ThreadEntry, WebhookTotals } from './sandbox.types';
import type { World } from './world';

const DEFAULT_PEOPLE = 1_000;

/** What the sandbox saw. A summary has counts only; otherwise people in the order of their first act. */
export function viewState(world: World, webhooks: WebhookTotals, query: StateQuery = {}): SandboxState {
  const pages = world.pages.filter((page) => query.pageId === undefined || page.id === query.pageId);
  const sum = (pick: (page: (typeof pages)[number]) => number): number =>
    pages.reduce((total, page) => total + pick(page), 0);
  return {
    pages: pages.map((page) => ({
      id: page.id,
      name: page.name,
      token: page.token,
      subscribed_fields: [...page.subscribedFields],
      people: page.people.size,
      received: page.received,
      calls: page.sends.total,
      most_calls_in_any_second: page.sends.most,
    })),
    people: query.summary === true ? [] : viewPeople(pages, query),
    totals: {
      people: sum((page) => page.people.size),
      calls: sum((page) => page.sends.total),
      received: sum((page) => page.received),
      refused: world.refused,
      mostCallsInAnySecond: Math.max(0, ...pages.map((page) => page.sends.most)),
      webhooks,
    },
  };
}

function viewPeople(pages: World['pages'], query: StateQuery): SandboxState['people'] {
  const from = query.after ?? 0;
  const to = from + (query.limit ?? DEFAULT_PEOPLE);
  const views: SandboxState['people'] = [];
  let index = 0;
  for (const page of pages) {
    for (const person of page.people.values()) {
      if (index >= to) return views;
      if (index >= from) views.push(viewPerson(person));
      index += 1;
    }
  }
  return views;
}

function viewPerson(person: Person): SandboxState['people'][number] {
  return {
    psid: person.psid,
    page_id: person.page.id,
    name: person.name,
    started: person.started,
    blocked: person.blocked,
    window_ends_at_ms: person.windowEndsAtMs,
    received_count: person.received,
    received: person.thread
      .filter((entry) => entry.fromPage)
      .map((entry) => ({
        mid: entry.mid,
        at_ms: entry.atMs,
        metadata: entry.metadata ?? null,
        message: messageOf(entry) ?? null,
      })),
  };
}

/** Receipts as one JSON object a line, oldest first. `n` is the cursor for `after`. */
export function receiptLines(world: World, query: StateQuery): string {
  const { receipts, firstReceipt } = world;
  const limit = query.limit ?? 10_000;
  const start = Math.max(0, (query.after ?? -1) + 1 - firstReceipt);
  const lines: string[] = [];
  for (let index = start; index < receipts.length && lines.length < limit; index += 1) {
    const entry = receipts[index];
    if (entry === undefined || (query.pageId !== undefined && entry.person.page.id !== query.pageId)) continue;
    lines.push(receiptLine(entry, firstReceipt + index));
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

const receiptLine = (entry: ThreadEntry, n: number): string =>
  JSON.stringify({
    n,
    page_id: entry.person.page.id,
    psid: entry.person.psid,
    mid: entry.mid,
    at_ms: entry.atMs,
    metadata: entry.metadata ?? null,
  });
