import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { APP_SECRET, OLD_APP_SECRET, openHttpWorld, sign, VERIFY_TOKEN, type HttpWorld } from './http-world';

let world: HttpWorld;
beforeAll(async () => {
  world = await openHttpWorld();
});
afterAll(() => world.close());

const stored = async (): Promise<number> =>
  Number((await world.db.first<{ n: string }>('select count(*) as n from inbox'))!.n);
const CANARY = 'canary words of a person';
/** Escaped as Meta sends it; another on every call, because an exact copy is kept once. */
const newBody = (): string =>
  `{"object":"page","entry":[{"id":"1","time":1,"messaging":[{"sender":{"id":"2"},"message":{"mid":"${randomBytes(6).toString('hex')}","text":"\\u00e4\\u00f6 ${CANARY}"}}]}]}`;
const SIGNATURE = 'x-hub-signature-256';
const handshake = (query: Record<string, string>) =>
  fetch(`${world.url}/webhook?${new URLSearchParams(query).toString()}`);
const RIGHT = { 'hub.mode': 'subscribe', 'hub.verify_token': VERIFY_TOKEN, 'hub.challenge': '1158201444' };

describe('the handshake', () => {
  it('answers the raw challenge as plain text', async () => {
    const answer = await handshake(RIGHT);
    expect([answer.status, await answer.text()]).toEqual([200, '1158201444']);
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it.each([
    ['another token', { ...RIGHT, 'hub.verify_token': `${VERIFY_TOKEN}x` }],
    ['a shorter token', { ...RIGHT, 'hub.verify_token': VERIFY_TOKEN.slice(0, -1) }],
    ['an empty token', { ...RIGHT, 'hub.verify_token': '' }],
    ['another mode', { ...RIGHT, 'hub.mode': 'unsubscribe' }],
    ['no challenge', { 'hub.mode': 'subscribe', 'hub.verify_token': VERIFY_TOKEN }],
    ['nothing', {}],
  ])('refuses %s without a word', async (_what, query) => {
    const answer = await handshake(query);
    expect([answer.status, await answer.text()]).toEqual([403, '']);
  });

  it('refuses a token that comes twice', async () => {
    const twice = new URLSearchParams(RIGHT).toString() + `&hub.verify_token=${encodeURIComponent(VERIFY_TOKEN)}`;
    expect((await fetch(`${world.url}/webhook?${twice}`)).status).toBe(403);
  });
});

describe('a signed body', () => {
  it.each([
    ['the secret', APP_SECRET],
    ['the secret before', OLD_APP_SECRET],
  ])('under %s is kept, sealed, before the answer', async (_name, secret) => {
    const before = await stored();
    const body = newBody();
    const answer = await world.webhook(body, { [SIGNATURE]: sign(body, secret) });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
    expect(await stored()).toBe(before + 1);
  });

  it('lies in the database without one readable word', async () => {
    const rows = await world.db.rows<{ text: string }>('select i::text as text from inbox i');
    expect(rows.length).toBeGreaterThan(0);
    const hex = Buffer.from(CANARY).toString('hex');
    expect(rows.filter(({ text }) => text.includes(CANARY) || text.includes(hex))).toEqual([]);
  });

  it('counts whatever content type it names', async () => {
    const body = newBody();
    const headers = { [SIGNATURE]: sign(body), 'content-type': 'text/weird' };
    expect((await world.webhook(body, headers)).status).toBe(200);
  });

  it('of exactly 1 MiB is kept; one byte more is 413 and nothing is kept', async () => {
    const frame = '{"object":"page","entry":[],"pad":""}';
    const full = frame.replace('""}', `"${'x'.repeat(1024 * 1024 - frame.length)}"}`);
    expect(full.length).toBe(1024 * 1024);
    expect((await world.webhook(full, { [SIGNATURE]: sign(full) })).status).toBe(200);
    const before = await stored();
    const over = `${full} `;
    expect((await world.webhook(over, { [SIGNATURE]: sign(over) })).status).toBe(413);
    expect(await stored()).toBe(before);
  });
});

describe('what is not signed by the app', () => {
  const body = newBody();
  const right = sign(body);
  it.each([
    ['no header', {}],
    ['a wrong digest', { [SIGNATURE]: sign(body, 'another secret') }],
    ['the digest of another body', { [SIGNATURE]: sign(newBody()) }],
    ['a truncated digest', { [SIGNATURE]: right.slice(0, -2) }],
    ['a longer digest', { [SIGNATURE]: `${right}00` }],
    ['an upper-case digest', { [SIGNATURE]: `sha256=${right.slice(7).toUpperCase()}` }],
    ['no algorithm', { [SIGNATURE]: right.slice(7) }],
    ['sha1', { [SIGNATURE]: right.replace('sha256', 'sha1') }],
    ['only the old header', { 'x-hub-signature': right }],
    ['an empty header', { [SIGNATURE]: '' }],
    ['two digests in one header', { [SIGNATURE]: `${right}, ${right}` }],
  ])('%s: 403, no word, no row', async (_what, headers) => {
    const before = await stored();
    const answer = await world.webhook(body, headers);
    expect([answer.status, await answer.text()]).toEqual([403, '']);
    expect(await stored()).toBe(before);
  });

  it('a body written anew: 403', async () => {
    const before = await stored();
    const rewritten = JSON.stringify(JSON.parse(body));
    expect(rewritten).not.toBe(body);
    expect((await world.webhook(rewritten, { [SIGNATURE]: right })).status).toBe(403);
    expect(await stored()).toBe(before);
  });

  it('a compressed body is not unpacked: 415', async () => {
    const before = await stored();
    const headers = { [SIGNATURE]: right, 'content-encoding': 'gzip' };
    expect((await world.webhook(gzipSync(body), headers)).status).toBe(415);
    expect(await stored()).toBe(before);
  });

  it('a header that comes twice: 403', async () => {
    const before = await stored();
    const answer = await raw(
      [
        'POST /webhook HTTP/1.1',
        'Host: localhost',
        'Connection: close',
        'Content-Type: application/json',
        `X-Hub-Signature-256: ${right}`,
        `X-Hub-Signature-256: ${right}`,
        `Content-Length: ${String(Buffer.byteLength(body))}`,
        '',
        body,
      ].join('\r\n'),
    );
    expect(answer.split('\r\n')[0]).toBe('HTTP/1.1 403 Forbidden');
    expect(answer.split('\r\n\r\n')[1]).toBe('');
    expect(await stored()).toBe(before);
  });

  function raw(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(world.url);
      const parts: Buffer[] = [];
      const socket = connect(Number(port), hostname, () => socket.write(text));
      socket.on('data', (bytes) => parts.push(bytes));
      socket.on('error', reject);
      socket.on('close', () => {
        resolve(Buffer.concat(parts).toString());
      });
    });
  }
});

describe('when the bytes cannot be kept', () => {
  it('answers 500 without a word, and logs nothing of them', async () => {
    await world.db.run('alter table inbox rename to inbox_away');
    const body = newBody();
    const answer = await world.webhook(body, { [SIGNATURE]: sign(body) });
    await world.db.run('alter table inbox_away rename to inbox');
    expect([answer.status, await answer.text()]).toEqual([500, '']);
    expect(world.logged.some((line) => line.includes('webhook.not_stored'))).toBe(true);
    expect(world.logged.join('\n')).not.toContain(CANARY);
    expect((await world.webhook(body, { [SIGNATURE]: sign(body) })).status).toBe(200);
  });
});
