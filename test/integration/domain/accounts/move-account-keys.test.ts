import { randomBytes } from 'node:crypto';
import { accountKey, moveAccountKeys, openOwner } from '../../../../src/domain/accounts';
import { wrapKey } from '../../../../src/kernel/crypto/key-wrap';
import { readSystemRing, writeSystemRing } from '../../../../src/platform/keyring/system-ring';
import { openAccountWorld, type AccountWorld } from './account-world';

let world: AccountWorld;
const shared = randomBytes(32);

beforeAll(async () => {
  world = await openAccountWorld();
});
afterAll(() => world.close());

/** What release 0.1.0 left: a shared key in the ring, and a wrapped one in each row. */
async function asBefore(...accounts: readonly { readonly id: string; readonly uuid: string }[]): Promise<void> {
  for (const { id, uuid } of accounts) {
    const wrapped = wrapKey(shared, world.keyRing.accountKey(uuid)!);
    await world.db.run('update account set dek_wrapped = $2 where id = $1', [id, wrapped]);
  }
  await world.rewriteSystemRing((plain) =>
    writeSystemRing({ ...readSystemRing(plain), sharedAccountKey: shared, accountKeys: new Map() }),
  );
  await world.keyRing.refreshSystemKeys();
}
const nameOf = async (id: string) =>
  (await openOwner(world.db, id, await accountKey(world.db, await world.openKeyRingAgain(), id))).name;

it('moves the keys of accounts into the ring, once, and destroys the key that opened them all', async () => {
  const [ann, bob] = [await world.account('ann@example.com'), await world.account('bob@example.com')];
  await asBefore(ann, bob);
  await expect(nameOf(ann.id)).rejects.toEqual(expect.objectContaining({ code: 'account_key_gone' }) as Error);
  const two = await world.openKeyRingAgain();
  await Promise.all([moveAccountKeys(world.db, world.keyRing), moveAccountKeys(world.db, two)]);
  expect([await nameOf(ann.id), await nameOf(bob.id)]).toEqual(['A Shop', 'A Shop']);
  expect(await world.db.rows('select from account where dek_wrapped is not null')).toEqual([]);
  expect(readSystemRing(await world.systemRing())).toMatchObject({ sharedAccountKey: null });
  const generation = world.keyRing.systemGeneration();
  await moveAccountKeys(world.db, world.keyRing);
  expect(world.keyRing.systemGeneration()).toBe(generation);
});

it('goes on where it was cut off, and brings back no account whose key was destroyed since', async () => {
  const [kept, gone] = [await world.account('kept@example.com'), await world.account('gone@example.com')];
  await asBefore(kept, gone);
  const rows = await world.db.rows<{ uuid: string; dekWrapped: Buffer }>(
    'select public_id as uuid, dek_wrapped as "dekWrapped" from account where dek_wrapped is not null',
  );
  await world.keyRing.takeInAccountKeys(rows);
  await moveAccountKeys(world.db, world.keyRing);
  await world.keyRing.destroyAccountKey(gone.uuid);
  // As a database that was set back has it.
  for (const { uuid, dekWrapped } of rows)
    await world.db.run('update account set dek_wrapped = $2 where public_id = $1', [uuid, dekWrapped]);
  await moveAccountKeys(world.db, world.keyRing);
  expect(await nameOf(kept.id)).toBe('A Shop');
  await expect(nameOf(gone.id)).rejects.toEqual(expect.objectContaining({ code: 'account_key_gone' }) as Error);
});
