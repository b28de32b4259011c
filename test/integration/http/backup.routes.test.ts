import { existsSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { opened } from '../domain/backup/backup-world';
import { openHttpWorld, type HttpAccount, type HttpWorld } from './http-world';

const PASSPHRASE = 'correct horse battery staple';
let world: HttpWorld;
let ann: HttpAccount;
beforeAll(async () => {
  world = await openHttpWorld();
  ann = await world.account('ann@example.com');
});
afterAll(() => world.close());

interface Backup {
  readonly id: string;
  readonly state: string;
  readonly bytes: number;
  readonly sha256: string | null;
  readonly downloaded_at: string | null;
}
const ask = (account = ann) =>
  account.api.expect<Backup>(202, 'POST', '/v1/account/backup', { passphrase: PASSPHRASE });
const file = async (id: string): Promise<Buffer> => {
  const answer = await fetch(`${world.url}/v1/account/backups/${id}/archive`, {
    headers: { authorization: `Bearer ${ann.key}` },
  });
  return Buffer.from(await answer.arrayBuffer());
};

it('is asked for, made, downloaded whole, and told of when the account is to be deleted', async () => {
  const { pageId } = await world.connect(ann.api);
  await world.lead(ann.api, pageId, '6230000000000801');
  expect(await ann.api.expect(202, 'DELETE', '/v1/account', { name: 'A Shop' })).toMatchObject({
    backup_downloaded_at: null,
  });
  const { id } = await ask();
  expect(world.jobs.at(-1)).toEqual({ name: 'make-backup', backupId: id, generation: 0 });
  await world.useCases.work.makeBackup(id);
  const made = await ann.api.expect<Backup>(200, 'GET', `/v1/account/backups/${id}`);
  const archive = await file(id);
  expect([made.state, made.bytes]).toEqual(['ready', archive.length]);
  expect([...(await opened(archive)).keys()]).toContain('leads/000001.jsonl');
  const listed = await ann.api.expect<{ data: Backup[] }>(200, 'GET', '/v1/account/backups');
  const { downloaded_at: at } = listed.data[0]!;
  expect(at).not.toBeNull();
  expect(await ann.api.expect(202, 'DELETE', '/v1/account', { name: 'A Shop' })).toMatchObject({
    backup_downloaded_at: at,
  });
  expect(world.logged.join()).not.toContain(PASSPHRASE);
});

it('refuses a short passphrase, a key without the scope, and what it does not have', async () => {
  expect(await ann.api.call('POST', '/v1/account/backup', { passphrase: 'short' })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/passphrase', detail: 'must have at least 12 characters' }] },
  });
  const reader = await ann.keyWith(['leads:read', 'proofs:export']);
  expect((await reader.call('POST', '/v1/account/backup', { passphrase: PASSPHRASE })).status).toBe(403);
  expect((await ann.api.call('GET', `/v1/account/backups/${randomUUID()}`)).status).toBe(404);
  const { id } = await ask();
  expect((await ann.api.call('GET', `/v1/account/backups/${id}/archive`)).status).toBe(409);
  await ask();
  expect((await ann.api.call('GET', `/v1/account/backups/${id}/archive`)).status).toBe(410);
});

it('is asked for once under an Idempotency-Key, and keeps nothing of the passphrase', async () => {
  const headers = { 'idempotency-key': 'one' };
  const body = { passphrase: PASSPHRASE };
  const first = await ann.api.call<Backup>('POST', '/v1/account/backup', body, headers);
  const second = await ann.api.call<Backup>('POST', '/v1/account/backup', body, headers);
  expect([first.status, second.status, second.body.id]).toEqual([202, 202, first.body.id]);
  // Bound to the body it would be refused: then something of the passphrase would be kept.
  const other = { passphrase: 'another passphrase of mine' };
  expect((await ann.api.call('POST', '/v1/account/backup', other, headers)).status).toBe(202);
});

it('comes back into an account that is registered anew', async () => {
  const { pageId } = await world.connect(ann.api);
  const body = { name: 'Opening', page_ids: [pageId], message: { text: 'We open' } };
  await ann.api.expect(201, 'POST', '/v1/broadcasts', body);
  const { id } = await ask();
  await world.useCases.work.makeBackup(id);
  const archive = await file(id);
  const bob = await world.account('carol@example.com');
  await ann.api.expect(200, 'DELETE', `/v1/pages/${pageId}`);
  const again = world.sandboxPage(pageId);
  await bob.api.expect(201, 'POST', '/v1/pages', { page_id: pageId, name: again.name, access_token: again.token });
  const bring = async (headers: Record<string, string>, bytes: Buffer = archive) => {
    const answer = await fetch(`${world.url}/v1/account/backup/import`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bob.key}`, 'content-type': 'application/octet-stream', ...headers },
      body: new Uint8Array(bytes),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const passphrase = { 'backup-passphrase': Buffer.from(PASSPHRASE).toString('base64') };
  expect(await bring({})).toMatchObject({ status: 422, body: { errors: [{ pointer: 'Backup-Passphrase' }] } });
  expect(await bring({ 'backup-passphrase': 'AAAA' })).toMatchObject({
    status: 422,
    body: { type: '/docs#problem-passphrase_wrong' },
  });
  expect(await bring(passphrase, archive.subarray(0, -1))).toMatchObject({
    status: 422,
    body: { type: '/docs#problem-archive_unreadable' },
  });
  expect((await bring({ ...passphrase, 'content-type': 'application/json' })).status).toBe(415);
  expect(await bring(passphrase)).toMatchObject({
    status: 200,
    body: { broadcasts: { added: 1 }, leads: { in_archive: 1, restored: 0 } },
  });
  expect(await bring(passphrase)).toMatchObject({ body: { broadcasts: { added: 0, already: 1 } } });
  const { data } = await bob.api.expect<{ data: object[] }>(200, 'GET', '/v1/broadcasts');
  expect(data).toMatchObject([{ name: 'Opening', status: 'draft' }]);
});

async function deleteAccount({ api }: HttpAccount): Promise<void> {
  await api.expect(202, 'DELETE', '/v1/account', { name: 'A Shop' });
  const mail = await api.expect<{ data: { content: { text: string } }[] }>(200, 'GET', '/v1/mail');
  const link = /account-deletion\/\S+/.exec(mail.data[0]!.content.text)![0];
  await fetch(`${world.url}/${link}`, { method: 'POST' });
  await world.useCases.sequence();
  for (const { run } of world.useCases.accounts) await run();
  await world.useCases.sequence();
}

it('brings people of a deleted account back, and tells how far it is', async () => {
  const dan = await world.account('dan@example.com');
  const { pageId } = await world.connect(dan.api);
  await world.lead(dan.api, pageId, '6230000000000901');
  await world.lead(dan.api, pageId, '6230000000000902');
  await world.useCases.sequence();
  const { id } = await ask(dan);
  await world.useCases.work.makeBackup(id);
  const answer = await fetch(`${world.url}/v1/account/backups/${id}/archive`, {
    headers: { authorization: `Bearer ${dan.key}` },
  });
  const archive = new Uint8Array(await answer.arrayBuffer());
  await deleteAccount(dan);

  const eve = await world.account('eve@example.com');
  expect((await eve.api.call('GET', '/v1/account/backup/import')).status).toBe(404);
  const { name, token } = world.sandboxPage(pageId);
  await eve.api.expect(201, 'POST', '/v1/pages', { page_id: pageId, name, access_token: token });
  const bring = async () => {
    const imported = await fetch(`${world.url}/v1/account/backup/import`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${eve.key}`,
        'content-type': 'application/octet-stream',
        'backup-passphrase': Buffer.from(PASSPHRASE).toString('base64'),
      },
      body: archive,
    });
    return ((await imported.json()) as { leads: object }).leads;
  };
  expect(await bring()).toEqual({ in_archive: 2, restored: 2, already: 0, refused: {} });
  expect(await bring()).toEqual({ in_archive: 2, restored: 0, already: 2, refused: {} });
  expect(await eve.api.expect(200, 'GET', '/v1/account/backup/import')).toMatchObject({
    state: 'done',
    leads: { in_archive: 2, restored: 0, already: 2, refused: {} },
  });
  const { data } = await eve.api.expect<{ data: object[] }>(200, 'GET', '/v1/leads');
  expect(data).toHaveLength(2);
  const reader = await eve.keyWith(['leads:read']);
  expect((await reader.call('GET', '/v1/account/backup/import')).status).toBe(403);
  expect(world.logged.join()).not.toContain('62300000000009');
});

it('goes with the account', async () => {
  const bob = await world.account('bob@example.com');
  const { id } = await ask(bob);
  await world.useCases.work.makeBackup(id);
  const name = (await world.db.first<{ generation: number }>(
    'select generation from account_backup where public_id = $1',
    [id],
  ))!;
  const at = `${world.dataDir}/exports/${id}-${String(name.generation)}.age`;
  expect(existsSync(at)).toBe(true);
  await bob.api.expect(202, 'DELETE', '/v1/account', { name: 'A Shop' });
  const mail = await bob.api.expect<{ data: { content: { text: string } }[] }>(200, 'GET', '/v1/mail');
  const link = /account-deletion\/\S+/.exec(mail.data[0]!.content.text)![0];
  expect(await (await fetch(`${world.url}/${link}`)).text()).toContain('No archive of the account was downloaded');
  await fetch(`${world.url}/${link}`, { method: 'POST' });
  for (const { run } of world.useCases.accounts) await run();
  expect(existsSync(at)).toBe(false);
  expect(await world.db.first('select from account_backup where public_id = $1', [id])).toBeUndefined();
});
