import { makeOpenEveryPage } from '../../../../src/domain/leads';
import { openProofWorld, type ProofWorld } from '../proof/proof-world';

let world: ProofWorld;
beforeAll(async () => {
  world = await openProofWorld();
});
afterAll(() => world.close());

it('opens one person of every Page that has people, and says for how many Pages a key ring does not', async () => {
  const [one, other] = [await world.newPage(), await world.newPage()];
  await world.newPage();
  await world.subscribe(one);
  await world.subscribe(one);
  await world.subscribe(other);
  expect(await makeOpenEveryPage(world.deps)()).toEqual({ pages: 2, unopened: 0 });
  const keyRing = {
    ...world.keyRing,
    unwrapLeadKey: (...[page, ...place]: Parameters<typeof world.keyRing.unwrapLeadKey>) =>
      world.keyRing.unwrapLeadKey(page === other.uuid ? one.uuid : page, ...place),
  };
  expect(await makeOpenEveryPage({ ...world.deps, keyRing })()).toEqual({ pages: 2, unopened: 1 });
});
