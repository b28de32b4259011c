import { openVerifier, type Verifier } from '../../../support/verifier';
import { message, newPsid, type TestPage } from '../inbox/inbox-world';
import { opened } from '../backup/backup-world';
import { openReturnsWorld, streamOf, type ReturnsWorld } from './returns-world';

let world: ReturnsWorld;
let verifier: Verifier;

beforeAll(async () => {
  world = await openReturnsWorld();
  verifier = openVerifier();
});
afterAll(async () => {
  verifier.close();
  await world.close();
});

it('proves people of a webhook with very many events when one of them was erased, and when they come back', async () => {
  const page = await world.connect();
  const key = ['--key', world.vkey];
  const psids = Array.from({ length: 60 }, newPsid);
  const time = world.now().getTime();
  const messaging = psids.map((psid) => message(page, psid, world.now(), `words of ${psid}`));
  await world.store({ object: 'page', entry: [{ id: page.metaPageId, time, messaging }] });
  await world.drain();
  await world.sequence();
  const proved = async (on: TestPage): Promise<void> => {
    expect((await world.audit()).findings).toEqual([]);
    for (const psid of [psids[0]!, psids[29]!, psids[31]!, psids[59]!]) {
      const { uuid } = (await world.leadOf(on, psid))!;
      const verdict = verifier.verify(await world.bundleOf(on, uuid), key);
      expect([verdict.evidence[0]!.grade, verdict.levels[3]!.state, verdict.exit]).toEqual(['E2', 'PASS', 2]);
    }
  };
  await proved(page);
  await world.erase(page, (await world.leadOf(page, psids[30]!))!);
  await proved(page);
  const archive = await world.archiveOf(page);
  await world.deleteAccount(page);
  expect(await world.count('evidence_segment')).toBe(0);
  const again = await world.connect(page.metaPageId);
  const { leads } = await world.importInto(again, archive);
  expect(leads).toMatchObject({ inArchive: 59, returned: 59 });
  await world.sequence();
  await proved(again);
  const many = verifier.verify(streamOf(await opened(archive)), key);
  expect([many.exit, many.records, many.levels[3]!.state]).toEqual([2, 59, 'PASS']);
});
