import { randomInt } from 'node:crypto';
import { Client } from 'pg';
import { filledWebhooks, type Whom } from '../support/canaries';
import { until } from '../support/until';
import { act, broadcastOf, sandboxState, type Stage } from './journey';

export interface Person extends Whom {
  readonly leadId: string;
  /** Everything that somebody filled, and what else is theirs alone. */
  readonly values: readonly string[];
}

type Act = Record<string, unknown>;

/** Everything that a person can do in Messenger, with words of their own wherever there is room for some. */
function everyAct(fill: () => string): Act[] {
  return [
    { kind: 'message', text: fill() },
    { kind: 'edit', text: fill() },
    { kind: 'postback', title: fill(), payload: fill() },
    { kind: 'quick_reply', text: fill(), payload: fill() },
    { kind: 'referral', ref: fill() },
    { kind: 'ad', ref: fill(), text: fill() },
    { kind: 'optin', ref: fill() },
    { kind: 'optin', ref: fill(), user_ref: fill() },
    { kind: 'marketing_optin', title: fill(), payload: fill() },
    { kind: 'marketing_resume', title: fill(), payload: fill() },
    { kind: 'reaction', emoji: fill() },
    { kind: 'sticker', url: `https://cdn.example/${fill()}` },
    { kind: 'image', url: `https://cdn.example/${fill()}` },
    { kind: 'account_linking', payload: fill() },
    { kind: 'read' },
    { kind: 'message', text: fill(), copies: 2 },
    { kind: 'delete' },
  ];
}

/** Comes by a link, fills every field there is, in every shape of webhook that is known, and stays subscribed. */
export async function fillEverything(stage: Stage, pageId: string, mark: string): Promise<Person> {
  const values: string[] = [];
  const fill = (): string => {
    values.push(`${mark}-act-${String(values.length)}-łódź`);
    return values.at(-1)!;
  };
  const who = { page_id: pageId, person: mark };
  const profile = { first_name: fill(), last_name: fill() };
  const begun = await act(stage, { ...who, kind: 'get_started', ref: fill(), title: fill(), profile });
  const psid = begun['psid'] as string;
  const mids: unknown[] = [begun['mid']];
  await worked(stage);
  for (const one of everyAct(fill)) mids.push((await act(stage, { ...who, ...one }))['mid']);
  const webhooks = filledWebhooks({ pageId, psid, mark }, Date.now());
  for (const body of webhooks.bodies) await act(stage, { body });
  await worked(stage);
  await act(stage, { ...who, kind: 'message', text: 'START' });
  const { id: leadId } = await leadOf(stage, pageId, psid, ['subscribed']);
  const own = [psid, ...mids.filter((mid): mid is string => typeof mid === 'string')];
  return { pageId, psid, mark, leadId, values: [...own, ...values, ...webhooks.values] };
}

/** Every webhook was taken in and had its effect, or was not understood. */
export async function worked(stage: Stage): Promise<void> {
  const client = new Client({ connectionString: stage.databaseUrl });
  await client.connect();
  try {
    await until('every webhook to be worked', async () => {
      const { totals } = await sandboxState(stage, 'summary=1');
      if (totals.webhooks.pending > 0) return false;
      const { rows } = await client.query<{ waiting: number }>(
        'select count(*)::int as waiting from inbox where attempts = 0',
      );
      return rows[0]?.waiting === 0;
    });
  } finally {
    await client.end();
  }
}

interface Lead {
  readonly id: string;
  readonly status: string;
}

const leadOf = (stage: Stage, pageId: string, psid: string, statuses: readonly string[]): Promise<Lead> =>
  until(`a lead that is ${statuses.join(' or ')}`, async () => {
    const { body } = await stage.api.call<Lead>('POST', '/v1/leads/lookup', { page_id: pageId, psid });
    return statuses.includes(body.status) && body;
  });

/** What Messenger showed this person, as text. */
export async function threadOf(stage: Stage, { pageId, psid }: Pick<Person, 'pageId' | 'psid'>): Promise<string> {
  const { people } = await sandboxState(stage, `page_id=${pageId}`);
  return JSON.stringify(people.find((one) => one.psid === psid)?.received ?? []);
}

/** Everything that is theirs, with Meta's names of the messages they got by now. */
export async function withMids(stage: Stage, person: Person): Promise<Person> {
  const received = JSON.parse(await threadOf(stage, person)) as readonly { readonly mid: string }[];
  return { ...person, values: [...person.values, ...received.map(({ mid }) => mid)] };
}

/** The secret in the address of the person's own page, which answers to "my data" hold. */
export async function askForData(stage: Stage, { pageId, psid }: Person): Promise<string> {
  for (const text of ['my consent', 'my data']) await act(stage, { page_id: pageId, psid, kind: 'message', text });
  return until('the links', async () => /\/n\/([\w-]{22})\/data/.exec(await threadOf(stage, { pageId, psid }))?.[1]);
}

/** A message to everybody of a Page, and to those whom it names when there are any. */
export async function broadcast(stage: Stage, pageId: string, text: string, leadIds?: readonly string[]) {
  const { id } = await stage.api.expect<{ id: string }>(201, 'POST', '/v1/broadcasts', {
    name: text,
    page_ids: [pageId],
    message: { text, buttons: [{ type: 'url', title: 'Menu', url: 'https://example.com/menu' }] },
    ...(leadIds === undefined ? {} : { audience: { lead_ids: leadIds } }),
    launch: true,
  });
  await until('the broadcast to complete', async () => (await broadcastOf(stage, id)).status === 'completed', 60_000);
  return id;
}

/** Asks in the chat to be erased, says yes, and waits for the certificate. @returns the code of its public page */
export async function eraseByChat(stage: Stage, { pageId, psid }: Person): Promise<string> {
  await act(stage, { page_id: pageId, psid, kind: 'message', text: 'delete my data' });
  await until('the question', async () => (await threadOf(stage, { pageId, psid })).includes('assent:v1:erase:yes'));
  await act(stage, { page_id: pageId, psid, kind: 'postback', payload: 'assent:v1:erase:yes' });
  return until(
    'the link of the certificate',
    async () => /\/erasure\/([0-9a-f]{32})#/.exec(await threadOf(stage, { pageId, psid }))?.[1],
    60_000,
  );
}

/** Somebody whose keys lie in the same bucket as another one's; their id is made up, so that no answer reaches them. */
export async function neighbourOf(stage: Stage, other: Person, bucketOf: (psid: string) => number): Promise<string> {
  let psid = other.psid;
  while (psid === other.psid || bucketOf(psid) !== bucketOf(other.psid)) psid = String(randomInt(10 ** 14, 2 ** 47));
  const { pageId } = other;
  await act(stage, {
    page_id: pageId,
    raw: {
      sender: { id: psid },
      recipient: { id: pageId },
      timestamp: Date.now(),
      message: { mid: `m_${psid}`, text: 'hello' },
    },
  });
  await worked(stage);
  // Messenger refuses the welcome sooner or later.
  await leadOf(stage, pageId, psid, ['subscribed', 'unreachable']);
  return psid;
}

/** A caller who writes a person's values where none belong. */
export async function callCarelessly(stage: Stage, { psid, values }: Person): Promise<void> {
  const words = values.at(-1)!;
  const headers = {
    'x-request-id': psid,
    'idempotency-key': psid,
    'user-agent': `agent ${psid}`,
    cookie: `who=${psid}`,
  };
  await stage.api.call('GET', `/v1/leads/${psid}`, undefined, headers);
  await stage.api.call('GET', `/v1/${encodeURIComponent(words)}?psid=${psid}`, undefined, headers);
  await stage.api.call('GET', `/v1/leads?page_id=${psid}&cursor=${psid}`, undefined, headers);
  await stage.api.call('POST', '/v1/leads/lookup', { page_id: words, psid, [words]: psid }, headers);
  await stage.api.call('POST', '/v1/leads/tags', { lead_ids: [psid], add: [words] }, headers);
  await stage.api.call('POST', '/webhook', { object: words }, { ...headers, 'x-hub-signature-256': `sha256=${psid}` });
  await stage.api.call('GET', `/webhook?hub.mode=subscribe&hub.verify_token=${psid}&hub.challenge=1`);
  await act(stage, {
    body: `{"object":"page","entry":[{"id":"1","messaging":[{"sender":{"id":"${psid}"},"text":"${words}`,
  });
}
