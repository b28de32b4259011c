import { openBody } from '../../../../src/domain/inbox/body';
import type { TestPage } from '../inbox/inbox-world';
import { openReturnsWorld, type ReturnsWorld } from '../returns/returns-world';

let world: ReturnsWorld;
beforeAll(async () => {
  world = await openReturnsWorld();
});
afterAll(() => world.close());

const broken = (...pages: readonly TestPage[]): string =>
  `{"object":"page","entry":[${pages.map(({ metaPageId }) => `{"id":"${metaPageId}"`).join('},')}`;

async function waiting(): Promise<string[]> {
  const rows = await world.db.rows<{ keyDay: number; id: string; ct: Buffer }>(
    'select key_day as "keyDay", delivery_id as id, body_ct as ct from inbox',
  );
  const bodies = await Promise.all(
    rows.map(async ({ keyDay, id, ct }) => openBody(await world.keyRing.inboxKey(keyDay), id, ct).bytes.toString()),
  );
  return bodies.toSorted();
}

it('deletes with an account webhooks that were not understood and name its Page, and none that may be of another account', async () => {
  const [page, shared, other] = [await world.connect(), await world.connect(), await world.connect()];
  await world.db.run(`update page set state = 'disconnected' where id = $1`, [shared.id]);
  const alsoHere = await world.connect(shared.metaPageId);
  for (const named of [[page], [shared], [other], [page, other]]) await world.store(Buffer.from(broken(...named)));
  await world.drain();
  expect(await waiting()).toHaveLength(4);
  await world.deleteAccount(page);
  await world.deleteAccount(shared);
  const left = [broken(shared), broken(other), broken(page, other)];
  expect(await waiting()).toEqual(left.toSorted());
  await world.deleteAccount(alsoHere);
  expect(await waiting()).toEqual(left.slice(1).toSorted());
});
