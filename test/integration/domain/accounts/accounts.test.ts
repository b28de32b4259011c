import { accountKey, makeCreateAccount, makeFindAccount, recordAudit, SCOPES } from '../../../../src/domain/accounts';
import { openField } from '../../../../src/kernel/crypto/field-cipher';
import { readSystemRing } from '../../../../src/platform/keyring/system-ring';
import { openAccountWorld, tablesHolding, type AccountWorld } from './account-world';

const EMAIL = 'ann.canary@example.com';
const NAME = 'Canary Name Limited';

let world: AccountWorld;

beforeAll(async () => {
  world = await openAccountWorld();
});

afterAll(() => world.close());

it('makes an account whose address and name stand nowhere in clear, with a first key', async () => {
  const create = makeCreateAccount(world);
  const { account, apiKey } = await create({ email: ` ${EMAIL} `, name: NAME, firstKeyScopes: SCOPES });
  expect(apiKey?.scopes).toEqual(SCOPES);
  const key = await accountKey(world.db, world.keyRing, account.id);
  const row = await world.db.first<{ email_ct: Buffer; name_ct: Buffer }>('select * from account where id = $1', [
    account.id,
  ]);
  const place = (column: string) => ({ table: 'account', column, row: account.uuid });
  expect(openField(key, place('email_ct'), row!.email_ct).toString()).toBe(EMAIL);
  expect(openField(key, place('name_ct'), row!.name_ct).toString()).toBe(NAME);
  const secret = apiKey!.key.slice(-43);
  expect(await tablesHolding(world.db, [EMAIL, NAME, secret, 'ann.canary', key.toString('hex')])).toEqual([]);
  expect(await tablesHolding(world.db, [apiKey!.prefix])).toEqual(['api_key.prefix']);
});

it('refuses the same address in another spelling, also when both come at once, and stores one account', async () => {
  const create = makeCreateAccount(world);
  const spellings = ['Bob@Example.com', 'bob@example.com', ' BOB@EXAMPLE.COM', 'bob@example.com '];
  const results = await Promise.allSettled(spellings.map((email) => create({ email, name: 'Bob' })));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
  expect(refused).toHaveLength(3);
  for (const error of refused) {
    expect(error).toMatchObject({ code: 'account_exists' });
    expect(error.message).not.toMatch(/bob/i);
  }
});

it('leaves nothing behind when the first key cannot be made', async () => {
  const before = await world.db.first<{ n: number }>('select count(*)::int as n from account');
  const create = makeCreateAccount(world);
  await expect(
    create({ email: 'carol@example.com', name: 'Carol', firstKeyScopes: ['everything'] }),
  ).rejects.toMatchObject({ code: 'validation_failed' });
  await expect(create({ email: 'carol', name: '' })).rejects.toMatchObject({
    code: 'validation_failed',
    errors: [{ pointer: '/email' }, { pointer: '/name' }],
  });
  expect(await world.db.first('select count(*)::int as n from account')).toEqual(before);
  expect(readSystemRing(await world.systemRing()).accountKeys.size).toBe(before!.n);
});

it('opens the fields of an account that another process has made since', async () => {
  const other = await world.openKeyRingAgain();
  const { id } = await world.account('zoe@example.com');
  expect(await accountKey(world.db, other, id)).toEqual(await accountKey(world.db, world.keyRing, id));
});

it('finds an account by its public id and nothing by anything else', async () => {
  const account = await world.account('dora@example.com');
  const find = makeFindAccount(world);
  expect(await find(account.uuid)).toEqual(account);
  for (const uuid of ['', account.id, world.ids.uuid(), `${account.uuid}'--`]) {
    await expect(find(uuid)).rejects.toMatchObject({ code: 'account_not_found' });
  }
});

it('gives every account a key of its own, the same through a second process, and none where there is no account', async () => {
  const one = await world.account('eve@example.com');
  const two = await world.account('finn@example.com');
  const other = await world.openKeyRingAgain();
  const keyOfOne = await accountKey(world.db, world.keyRing, one.id);
  expect(keyOfOne).toHaveLength(32);
  expect((await accountKey(world.db, other, one.id)).equals(keyOfOne)).toBe(true);
  expect((await accountKey(world.db, world.keyRing, two.id)).equals(keyOfOne)).toBe(false);
  await expect(accountKey(world.db, world.keyRing, '999999999')).rejects.toMatchObject({ code: 'account_not_found' });
});

it('keeps the detail of an audit event as ciphertext, and the event only when its transaction commits', async () => {
  const account = await world.account('gus@example.com');
  const entry = { accountId: account.id, kind: 'page.opt_in_mode_reason', detail: { reason: 'a canary reason' } };
  await world.db.transaction((tx) => recordAudit(tx, world, entry));
  await expect(
    world.db.transaction(async (tx) => {
      await recordAudit(tx, world, entry);
      throw new Error('changed my mind');
    }),
  ).rejects.toThrow('changed my mind');

  const events = await world.db.rows<{ public_id: string; kind: string; detail_ct: Buffer }>(
    `select public_id, kind, detail_ct from audit_event where account_id = $1 and detail_ct is not null`,
    [account.id],
  );
  expect(events).toHaveLength(1);
  const { public_id: row, detail_ct: sealed } = events[0]!;
  const key = await accountKey(world.db, world.keyRing, account.id);
  const opened = openField(key, { table: 'audit_event', column: 'detail_ct', row }, sealed).toString();
  expect(JSON.parse(opened)).toEqual({ reason: 'a canary reason' });
  expect(await tablesHolding(world.db, ['a canary reason'])).toEqual([]);
});
