import { createHash } from 'node:crypto';
import { webToken } from '../../../src/domain/leads';
import { openHttpWorld, type HttpAccount, type HttpWorld } from './http-world';

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

const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();

/** RFC 9162, section 2.1.3.2, from the commitment on the page to the root of its checkpoint. */
function rootOf(commitment: Buffer, index: number, size: number, path: readonly Buffer[]): string {
  let [at, last] = [index, size - 1];
  let hash = sha256(Buffer.from([0]), commitment);
  for (const sibling of path) {
    if (last === 0) break;
    if (at % 2 === 1 || at === last) {
      hash = sha256(Buffer.from([1]), sibling, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [at >> 1, last >> 1];
    } else {
      hash = sha256(Buffer.from([1]), hash, sibling);
    }
    [at, last] = [at >> 1, last >> 1];
  }
  return hash.toString('base64');
}

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

  it('may load only our own style, be framed by nobody, and be kept by nobody', async () => {
    const { headers } = await fetch(address);
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
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
    const commitment = /<code>([0-9a-f]{64})<\/code>/.exec(text)![1]!;
    const index = Number(/data-testid="included">leaf (\d+)</.exec(text)![1]);
    const [, size, root] = /<pre>([^<]*)<\/pre>/.exec(text)![1]!.split('\n');
    const path = [...text.matchAll(/<code>([A-Za-z0-9+/]{43}=)<\/code>/g)].map(([, hash]) =>
      Buffer.from(hash!, 'base64'),
    );
    const count = Math.ceil(Math.log2(Number(size)));
    expect(rootOf(Buffer.from(commitment, 'hex'), index, Number(size), path.slice(0, count))).toBe(root);
    expect(await traces()).toEqual({ ...(before as object), entries: '0' });
    expect((await fetch(`${world.url}/n/${'A'.repeat(22)}/consent`)).status).toBe(404);
    expect((await fetch(`${address}/consent`, { method: 'POST' })).status).toBe(405);
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
