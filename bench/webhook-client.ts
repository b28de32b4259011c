import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { newPsid } from './seed-leads';
import type { Stage } from './stage';

const CONNECTIONS = 64;

export interface SignedBody {
  readonly text: string;
  readonly signature: string;
}

/** One message of one person in each body, as Meta sends them to a Page that is not busy. */
export function bodiesFrom({ pages, appSecret }: Stage, psids: readonly string[]): SignedBody[] {
  const [page] = pages;
  if (page === undefined) throw new Error('the stage has no Page');
  return psids.map((psid) => {
    const timestamp = Date.now();
    const message = { mid: `m_${newPsid()}${newPsid()}`, text: 'When do you open on Monday?' };
    const messaging = [{ sender: { id: psid }, recipient: { id: page.metaPageId }, timestamp, message }];
    const text = JSON.stringify({ object: 'page', entry: [{ id: page.metaPageId, time: timestamp, messaging }] });
    return { text, signature: `sha256=${createHmac('sha256', appSecret).update(text).digest('hex')}` };
  });
}

export const newPeople = (count: number): string[] => Array.from({ length: count }, newPsid);

export interface WebhookClient {
  /** One body after the other on every connection: as fast as the other side takes them. In bodies a second. */
  flood(bodies: readonly SignedBody[]): Promise<number>;
  /**
   * Offers bodies at a fixed rate, whether or not earlier ones were answered.
   *
   * @returns milliseconds from the moment each was due to its 200
   */
  offer(bodies: readonly SignedBody[], perSecond: number): Promise<number[]>;
  close(): Promise<void>;
}

export function webhookClient(apiUrl: string): WebhookClient {
  const pool = new Pool(apiUrl, { connections: CONNECTIONS, pipelining: 1 });
  const post = async ({ text, signature }: SignedBody): Promise<void> => {
    const headers = { 'content-type': 'application/json', 'x-hub-signature-256': signature };
    const answer = await pool.request({ method: 'POST', path: '/webhook', headers, body: text });
    await answer.body.dump();
    if (answer.statusCode !== 200) throw new Error(`the webhook answered ${String(answer.statusCode)}`);
  };
  return {
    flood: (bodies) => inLanes(bodies, CONNECTIONS, post),
    offer: async (bodies, perSecond) => {
      const startedMs = performance.now();
      const timed = async (body: SignedBody, dueMs: number) => {
        await post(body);
        return performance.now() - dueMs;
      };
      const flights: Promise<number>[] = [];
      while (flights.length < bodies.length) {
        const dueCount = Math.min(bodies.length, Math.floor(((performance.now() - startedMs) / 1000) * perSecond));
        while (flights.length < dueCount) {
          const body = bodies[flights.length];
          if (body !== undefined) flights.push(timed(body, startedMs + (flights.length / perSecond) * 1000));
        }
        await delay(1);
      }
      return Promise.all(flights);
    },
    close: () => pool.close(),
  };
}

/** @returns items a second */
export async function inLanes<T>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const lane = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: lanes }, lane));
  return items.length / ((performance.now() - startedMs) / 1000);
}
