import { createHash } from 'node:crypto';
import { appendLeadEntry } from '../../../src/domain/consent';
import { leadTransaction, lockLeadRow, openLead, webToken } from '../../../src/domain/leads';
import { systemClock } from '../../../src/kernel/clock';
import { randomIds } from '../../../src/kernel/ids';
import { openHttpWorld, sign, type HttpAccount, type HttpWorld } from './http-world';

let world: HttpWorld;
let ann: HttpAccount;
let leadId: string;
let address: string;
const EVIL_NAME = `<img src=x onerror="alert('1')">&`;

beforeAll(async () => {
  world = await openHttpWorld();
  ann = await world.account('ann@example.com');
  const { pageId } = await world.connect(ann.api);
  leadId = await world.lead(ann.api, pageId, '6230000000000001');
  address = `${world.url}/n/${await tokenOf(leadId)}`;
});
afterAll(() => world.close());

/** The token is made from the lead's key, which only the ring opens. */
async function tokenOf(id: string): Promise<string> {
  const row = await world.db.first<{ page: string; bucket: number; version: number; wrapped: Buffer }>(
    `select p.public_id as page, k.bucket, k.key_version as version, k.dek_wrapped as wrapped
       from lead l join lead_key k on k.lead_id = l.id join page p on p.id = l.page_id where l.public_id = $1`,
    [id],
  );
  return webToken(world.keyRing.unwrapLeadKey(row!.page, row!.bucket, row!.version, row!.wrapped));
}

/** Everything that could tell that something happened to the person. */
const traces = () =>
  world.db.first(
    `select l.status, l.chain_n, (select count(*) from ledger_pending) as entries,
       (select count(*) from reply) as replies
       from lead l where l.public_id = $1`,
    [leadId],
  );

async function say(pageId: string, psid: string, text: string): Promise<void> {
  const at = Date.now();
  const event = {
    sender: { id: psid },
    recipient: { id: pageId },
    timestamp: at,
    message: { mid: `m_${String(at)}`, text },
  };
  const body = JSON.stringify({ object: 'page', entry: [{ id: pageId, time: at, messaging: [event] }] });
  expect((await world.webhook(body, { 'x-hub-signature-256': sign(body) })).status).toBe(200);
  await world.useCases.work.drainInbox({ limit: 100 });
}

/** What Meta's taking over of a welcome leaves behind. */
async function showNotice(id: string): Promise<void> {
  const found = await world.db.first<{ id: string; uuid: string; metaPageId: string; sha256: Buffer }>(
    `select l.id, p.public_id as uuid, p.meta_page_id as "metaPageId", n.sha256
      from lead l join page p on p.id = l.page_id
        join notice n on n.page_id = p.id and n.version = p.notice_version and n.language = 'en'
     where l.public_id = $1`,
    [id],
  );
  const { id: leadId, sha256: hash } = found!;
  const deps = { keyRing: world.keyRing, clock: systemClock, ids: randomIds, logOrigin: 'test.example/consent' };
  await leadTransaction({ db: world.db, keyRing: world.keyRing }, async (tx) => {
    const lead = openLead(world.keyRing, found!, (await lockLeadRow(tx, leadId))!);
    const notice = { version: 1, language: 'en', surface: 'messenger_welcome', sha256: hash };
    await appendLeadEntry(tx, deps, lead, found!, { kind: 'notice_shown', notice, mid: 'm_welcome' });
  });
}

const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();

const CHARACTERS: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
const unescaped = (text: string): string =>
  text.replaceAll(/&([a-z0-9#]+);/g, (_all, name: string) => CHARACTERS[name]!);

/** What one entry of the page says, as its reader sees it. */
function printed(section: string) {
  const all = (pattern: RegExp): string[] => [...section.matchAll(pattern)].map(([, text]) => unescaped(text!));
  const [title] = all(/<h2>([^<]*)<\/h2>/g);
  const [body] = all(/data-testid="body">([^<]*)</g);
  const [nonce] = all(/data-testid="nonce">([^<]*)</g);
  const [commitment] = all(/data-testid="commitment">([^<]*)</g);
  const [leaf] = all(/data-testid="included">leaf (\d+)</g);
  const steps = [...section.matchAll(/(left|right) <code data-testid="proof">([^<]*)</g)];
  const path = steps.map(([, side, hash]) => ({ side: side!, hash: Buffer.from(hash!, 'base64') }));
  return { section, title: title!, body: body!, nonce: nonce!, commitment: commitment!, leaf: Number(leaf), path };
}
type Printed = ReturnType<typeof printed>;

/** The entries and the checkpoint that a page of proof shows. */
function readPage(text: string) {
  const sections = text.split('<section>').slice(1);
  const [, size, root] = /<pre>([^<]*)<\/pre>/.exec(sections.pop()!)![1]!.split('\n');
  return { entries: sections.map(printed), size: Number(size), root: root! };
}

/** Recomputed from nothing but what the page prints and how it says to. */
const commitmentOf = ({ body, nonce }: Printed): Buffer =>
  sha256(sha256(Buffer.from(body, 'utf8')), Buffer.from(nonce, 'hex'));
const rootOf = (entry: Printed): string =>
  entry.path
    .reduce(
      (hash, { side, hash: other }) =>
        side === 'left' ? sha256(Buffer.from([1]), other, hash) : sha256(Buffer.from([1]), hash, other),
      sha256(Buffer.from([0]), commitmentOf(entry)),
    )
    .toString('base64');

describe("a person's page", () => {
  it('changes nothing however often it is opened', async () => {
    const before = await traces();
    for (let visit = 0; visit < 10; visit += 1) {
      for (const method of ['GET', 'HEAD', 'OPTIONS']) {
        const answer = await fetch(address, { method });
        expect(answer.status).toBe(method === 'OPTIONS' ? 204 : 200);
        if (method === 'GET') expect(await answer.text()).toContain('data-testid="unsubscribe"');
      }
    }
    expect(await traces()).toEqual(before);
    expect(before).toMatchObject({ status: 'subscribed' });
  });

  it('shows the name of the Page as text', async () => {
    const old = await world.db.first<{ name: string }>('select name from page limit 1');
    await world.db.run('update page set name = $1', [EVIL_NAME]);
    const text = await (await fetch(address)).text();
    await world.db.run('update page set name = $1', [old!.name]);
    expect(text).toContain('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;');
    expect(text).not.toContain('<img');
  });

  it.each(['', '/consent', '/data'])('%s may load only our own style, be framed and kept by nobody', async (rest) => {
    const { headers } = await fetch(`${address}${rest}`);
    const policy = headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("style-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
    expect((await fetch(`${world.url}/assets/assent.css`)).headers.get('content-type')).toContain('text/css');
  });

  it.each(['x', 'A'.repeat(22), '%00', 'a'.repeat(3_000)])('is not there for another token (%#)', async (token) => {
    for (const method of ['GET', 'POST']) {
      expect((await fetch(`${world.url}/n/${token}`, { method })).status).toBe(404);
    }
    expect(await traces()).toMatchObject({ status: 'subscribed' });
  });

  it('refuses a body that no button sends', async () => {
    const before = await traces();
    const body = new URLSearchParams({ pad: 'x'.repeat(2_000) });
    expect((await fetch(address, { method: 'POST', body })).status).toBe(413);
    expect(await traces()).toEqual(before);
  });

  it('shows what the person agreed to, with the wording, and proves that the log holds it', async () => {
    const before = await traces();
    const unsigned = await (await fetch(`${address}/consent`)).text();
    expect(unsigned).toContain('in less than a second');
    expect(await world.useCases.sequence()).toMatchObject({ kind: 'signed' });
    const text = await (await fetch(`${address}/consent`)).text();
    expect(text).toContain('You started the conversation, which counts as agreeing to messages');
    const notice = await world.db.first<{ body: string }>('select body from notice limit 1');
    expect(text).toContain(notice!.body.slice(0, 30));
    const { entries, root } = readPage(text);
    expect(entries.map(rootOf)).toEqual([root]);
    expect(await traces()).toEqual({ ...(before as object), entries: '0' });
    expect((await fetch(`${world.url}/n/${'A'.repeat(22)}/consent`)).status).toBe(404);
    expect((await fetch(`${address}/consent`, { method: 'POST' })).status).toBe(405);
  });

  it('shows each of many entries with its own body, commitment and place in the log', async () => {
    const { pageId } = await world.connect(ann.api);
    const psid = '6230000000000002';
    const id = await world.lead(ann.api, pageId, psid);
    const own = `${world.url}/n/${await tokenOf(id)}`;
    await fetch(own, { method: 'POST' });
    await world.lead(ann.api, pageId, '6230000000000003');
    expect(await world.useCases.sequence()).toMatchObject({ kind: 'signed' });
    await say(pageId, psid, 'START');
    await world.lead(ann.api, pageId, '6230000000000004');
    expect(await world.useCases.sequence()).toMatchObject({ kind: 'signed' });

    const { entries, size, root } = readPage(await (await fetch(`${own}/consent`)).text());
    expect(entries.map(({ title }) => title)).toEqual([
      '1. You started the conversation, which counts as agreeing to messages',
      '2. You unsubscribed',
      '3. You agreed to messages again',
    ]);
    const logged = await world.db.rows<{ leaf: string; size: string }>(
      `select f.leaf_index as leaf, (select max(size) from ledger_checkpoint) as size
        from ledger_opening o join ledger_leaf f on f.entry_id = o.entry_id join lead l on l.id = o.lead_id
       where l.public_id = $1 order by f.leaf_index`,
      [id],
    );
    expect(entries.map(({ leaf }) => leaf)).toEqual(logged.map(({ leaf }) => Number(leaf)));
    expect(size).toBe(Number(logged[0]!.size));
    expect(entries.map(({ commitment }) => commitment)).toEqual(
      entries.map((entry) => commitmentOf(entry).toString('hex')),
    );
    expect(entries.map(rootOf)).toEqual([root, root, root]);
    const bodies = entries.map(({ body }) => JSON.parse(body) as { kind: string; psid: string; subject: object });
    expect(bodies).toMatchObject([
      { kind: 'opt_in', psid, subject: { n: 1, prev: null } },
      { kind: 'withdraw', psid, subject: { n: 2, prev: entries[0]!.commitment } },
      { kind: 're_opt_in', psid, subject: { n: 3, prev: entries[1]!.commitment } },
    ]);
  });

  it('says of the notice in force that it was sent only where it was', async () => {
    const { pageId } = await world.connect(ann.api);
    const id = await world.lead(ann.api, pageId, '6230000000000005');
    const own = `${world.url}/n/${await tokenOf(id)}/consent`;
    await world.useCases.sequence();
    const unsent = readPage(await (await fetch(own)).text()).entries;
    expect(unsent.map(({ section }) => section.includes('The notice of the Page at that time'))).toEqual([true]);
    await showNotice(id);
    await world.useCases.sequence();
    const { entries, root } = readPage(await (await fetch(own)).text());
    expect(entries.map(({ title }) => title).slice(1)).toEqual(['2. This text was sent to you']);
    expect(entries[1]!.section).not.toContain('The notice of the Page at that time');
    expect(entries.map(rootOf)).toEqual([root, root]);
  });

  it('shows all that is kept, as a page and as a file, and changes nothing by it', async () => {
    const before = await traces();
    const text = await (await fetch(`${address}/data`)).text();
    expect(text).toContain('6230000000000001');
    expect(text).toContain('data-testid="choices"');
    expect(text).toContain('What is not shown here');
    const file = await fetch(`${address}/data.json`);
    expect(file.headers.get('content-disposition')).toContain('my-data.json');
    const answer = (await file.json()) as { format: string; sections: { name: string }[] };
    expect(answer.format).toBe('assent-access/v1');
    expect(await ann.api.expect(200, 'GET', `/v1/leads/${leadId}/export`)).toMatchObject({
      sections: answer.sections.map(({ name }) => expect.objectContaining({ name }) as object),
    });
    expect(await traces()).toEqual(before);
    for (const rest of ['data', 'data.json']) {
      expect((await fetch(`${world.url}/n/${'A'.repeat(22)}/${rest}`)).status).toBe(404);
      expect((await fetch(`${address}/${rest}`, { method: 'POST' })).status).toBe(405);
    }
  });

  it('unsubscribes by its button, once', async () => {
    const before = (await traces()) as { chain_n: number };
    const first = await fetch(address, { method: 'POST', body: new URLSearchParams() });
    expect([first.status, (await first.text()).includes('data-testid="unsubscribed"')]).toEqual([200, true]);
    const after = await traces();
    expect(after).toMatchObject({ status: 'unsubscribed', chain_n: before.chain_n + 1 });
    expect((await fetch(address, { method: 'POST' })).status).toBe(200);
    expect(await traces()).toEqual(after);
    expect((await ann.api.expect(200, 'GET', `/v1/leads/${leadId}`))['status']).toBe('unsubscribed');
  });

  it('leaves no token in the log or the metrics', async () => {
    const token = address.split('/').at(-1)!;
    const metrics = await (await fetch(`${world.url}/metrics`)).text();
    expect(metrics).toContain('route="/n/{token}"');
    expect(metrics).not.toContain(token);
    expect(world.logged.join('\n')).not.toContain(token);
  });
});
