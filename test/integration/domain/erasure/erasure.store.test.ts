import { accountKey, makeCreateAccount } from '../../../../src/domain/accounts';
import {
  makeAskAccountErasure,
  makeCarryOutAccountErasures,
  makeConfirmAccountErasure,
  readUncertified,
} from '../../../../src/domain/erasure';
import type { KeyRingCopy } from '../../../../src/domain/keyring.types';
import { makeListMails, makePost } from '../../../../src/domain/mail';
import { randomIds } from '../../../../src/kernel/ids';
import { openProofWorld, type ProofWorld } from '../proof/proof-world';

const NAME = 'Harbour Coffee';
let world: ProofWorld;
beforeAll(async () => {
  world = await openProofWorld();
});
afterAll(() => world.close());

it('an account is counted from the yes to its certificate, also while the copy of the key ring cannot be reached', async () => {
  const { account } = await makeCreateAccount(world.deps)({ email: 'ann@example.com', name: NAME });
  const deps = {
    ...world.deps,
    ids: randomIds,
    accountKey: (id: string) => accountKey(world.db, world.keyRing, id),
    post: makePost({ ...world.deps, ids: randomIds, sender: null }),
    publicUrl: 'https://assent.example',
    releasePages: () => Promise.resolve({ released: 0, left: 0 }),
    dropBackupFiles: () => Promise.resolve(0),
  };
  const carryOut = (keyRingCopy: KeyRingCopy | null) => makeCarryOutAccountErasures({ ...deps, keyRingCopy })();

  await makeAskAccountErasure(deps)({ accountId: account.id, name: NAME });
  expect(await readUncertified(world.db)).toEqual({ count: 0, since: null });
  const [mail] = await makeListMails(world.deps)(account.id);
  const [, token = ''] = /account-deletion\/([A-Za-z0-9_-]{43})\n/.exec(mail!.content!.text)!;
  await makeConfirmAccountErasure(deps)(token);
  const waiting = await readUncertified(world.db);
  expect(waiting).toEqual({ count: 1, since: expect.any(Date) as Date });

  await world.sequence();
  await expect(carryOut({ update: () => Promise.reject(new Error('not mounted')) })).rejects.toThrow('not mounted');
  expect(await readUncertified(world.db)).toEqual(waiting);
  expect(await carryOut(null)).toBe(1);
  expect(await readUncertified(world.db)).toEqual({ count: 0, since: null });
});
