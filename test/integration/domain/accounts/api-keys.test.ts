import {
  makeAuthenticate,
  makeCreateApiKey,
  makeListApiKeys,
  makeRevokeApiKey,
  type AccountRef,
} from '../../../../src/domain/accounts';
import { openAccountWorld, type AccountWorld } from './account-world';

let world: AccountWorld;
let ann: AccountRef;
let bob: AccountRef;

beforeAll(async () => {
  world = await openAccountWorld();
  ann = await world.account('ann@example.com');
  bob = await world.account('bob@example.com');
});

afterAll(() => world.close());

const create = (accountId: string, more: { expiresAt?: Date; uuid?: string } = {}) =>
  makeCreateApiKey(world)({ accountId, scopes: ['pages:read', 'leads:read'], ...more });
const authenticate = (key: string) => makeAuthenticate(world)(key);
const lastUsed = async (uuid: string) =>
  (await world.db.first<{ at: Date | null }>('select last_used_at as at from api_key where public_id = $1', [uuid]))
    ?.at;

/** Another character at one place of a key. */
const changed = (key: string, at: number) => `${key.slice(0, at)}${key.at(at) === 'a' ? 'b' : 'a'}${key.slice(at + 1)}`;

it('tells whose key it is and what it allows', async () => {
  const { key, uuid } = await create(ann.id);
  expect(await authenticate(key)).toEqual({
    accountId: ann.id,
    accountUuid: ann.uuid,
    scopes: ['pages:read', 'leads:read'],
    apiKeyUuid: uuid,
  });
});

it('opens nothing with another secret, another prefix, or the secret of another key', async () => {
  const one = await create(ann.id);
  const two = await create(bob.id);
  const crossed = `${one.key.slice(0, 16)}${two.key.slice(16)}`;
  expect(crossed).not.toBe(one.key);
  for (const key of [changed(one.key, 20), changed(one.key, 58), changed(one.key, 8), crossed, '', one.prefix]) {
    expect(await authenticate(key)).toBeNull();
  }
  expect(await lastUsed(one.uuid)).toBeNull();
});

it('ends at its expiry, to the millisecond', async () => {
  const expiresAt = new Date(world.clock.now().getTime() + 60_000);
  const { key } = await create(ann.id, { expiresAt });
  world.clock.forward(59_999);
  expect(await authenticate(key)).not.toBeNull();
  world.clock.forward(1);
  expect(await authenticate(key)).toBeNull();
  await expect(create(ann.id, { expiresAt })).rejects.toMatchObject({ errors: [{ pointer: '/expires_at' }] });
});

it('ends when it is revoked, by its own account only, and keeps the first time of it', async () => {
  const { key, uuid } = await create(ann.id);
  const revoke = makeRevokeApiKey(world);
  await expect(revoke({ accountId: bob.id, apiKeyUuid: uuid })).rejects.toMatchObject({ code: 'api_key_not_found' });
  await expect(revoke({ accountId: ann.id, apiKeyUuid: 'x' })).rejects.toMatchObject({ code: 'api_key_not_found' });
  expect(await authenticate(key)).not.toBeNull();
  const first = await revoke({ accountId: ann.id, apiKeyUuid: uuid });
  expect(first.revokedAt).toEqual(world.clock.now());
  expect(await authenticate(key)).toBeNull();
  world.clock.forward(5_000);
  expect((await revoke({ accountId: ann.id, apiKeyUuid: uuid })).revokedAt).toEqual(first.revokedAt);
});

it('notes its use at most once a minute', async () => {
  const { key, uuid } = await create(ann.id);
  await authenticate(key);
  const first = world.clock.now();
  expect(await lastUsed(uuid)).toEqual(first);
  world.clock.forward(59_999);
  await authenticate(key);
  expect(await lastUsed(uuid)).toEqual(first);
  world.clock.forward(1);
  await authenticate(key);
  expect(await lastUsed(uuid)).toEqual(world.clock.now());
});

it('is listed in parts, without its secret, and only to its account', async () => {
  const account = await world.account('list@example.com');
  const made = [await create(account.id), await create(account.id), await create(account.id)];
  const list = makeListApiKeys(world);
  const first = await list({ accountId: account.id, limit: 2 });
  const rest = await list({ accountId: account.id, limit: 2, after: first.next });
  expect([...first.items, ...rest.items].map(({ uuid }) => uuid)).toEqual(made.map(({ uuid }) => uuid));
  expect(first.next).toBe(made[1]!.uuid);
  expect(rest.next).toBeNull();
  const shown = JSON.stringify([first, rest]);
  for (const { key } of made) expect(shown).not.toContain(key.slice(16));
  expect(shown).not.toMatch(/sha256/i);

  const ofBob = await list({ accountId: bob.id, limit: 200 });
  expect(ofBob.items.length).toBeGreaterThan(0);
  expect(await list({ accountId: bob.id, limit: 200, after: first.next })).toEqual(ofBob);
  const uuidsOfAnn = new Set(made.map(({ uuid }) => uuid));
  expect(ofBob.items.filter(({ uuid }) => uuidsOfAnn.has(uuid))).toEqual([]);
  await expect(list({ accountId: bob.id, limit: 2, after: 'x' })).rejects.toMatchObject({ code: 'validation_failed' });
});

it('is made once under one id; a repetition shows another secret only as long as nobody has used it', async () => {
  const uuid = world.ids.uuid();
  const lost = await create(ann.id, { uuid });
  await expect(create(bob.id, { uuid })).rejects.toMatchObject({ code: 'api_key_prefix_exhausted' });
  const again = await create(ann.id, { uuid });
  expect(await authenticate(lost.key)).toBeNull();
  expect((await authenticate(again.key))?.apiKeyUuid).toBe(uuid);
  await expect(create(ann.id, { uuid })).rejects.toMatchObject({ code: 'api_key_prefix_exhausted' });
  expect((await authenticate(again.key))?.accountId).toBe(ann.id);
});

it('refuses an unknown scope and stores nothing', async () => {
  const count = () => world.db.first('select count(*)::int as n from api_key');
  const before = await count();
  await expect(makeCreateApiKey(world)({ accountId: ann.id, scopes: ['pages:everything'] })).rejects.toMatchObject({
    code: 'validation_failed',
    errors: [{ pointer: '/scopes/0' }],
  });
  expect(await count()).toEqual(before);
});
