import { openVerifier, reasonsOf, statesOf, type Verifier } from '../../../support/verifier';
import type { TestPage } from '../inbox/inbox-world';
import type { Subscriber } from '../proof/proof-world';
import { openReturnsWorld, type ReturnsWorld } from './returns-world';

let world: ReturnsWorld;
let verifier: Verifier;
let page: TestPage;

beforeAll(async () => {
  world = await openReturnsWorld();
  verifier = openVerifier();
});
afterAll(async () => {
  verifier.close();
  await world.close();
});
beforeEach(async () => {
  page = await world.connect();
});

const sound = async (): Promise<void> => {
  await world.sequence();
  expect((await world.audit()).findings).toEqual([]);
};
const came = async (into: TestPage, archive: Buffer) => (await world.importInto(into, archive)).leads;
const isHere = async (on: TestPage, { psid }: Subscriber): Promise<boolean> =>
  (await world.leadOf(on, psid)) !== undefined;

it('brings people back by their proofs, once, with a chain that goes on where it was', async () => {
  const [ann, bob] = [await world.write(page), await world.write(page)];
  await world.tap(page, ann.psid, 'assent:v1:unsubscribe');
  world.setNow(new Date(world.now().getTime() + 60_000));
  await world.tap(page, ann.psid, 'assent:v1:subscribe');
  const before = await world.bundleOf(page, ann.uuid);
  const archive = await world.archiveOf(page);
  await world.deleteAccount(page);
  await sound();

  const again = await world.connect(page.metaPageId);
  const { size } = await world.audit();
  expect(await came(again, archive)).toEqual({ inArchive: 2, returned: 2, already: 0, refused: {} });
  await world.sequence();
  const audited = await world.audit();
  expect(audited).toMatchObject({ findings: [], people: 2, size: size + 1 });
  for (const person of [ann, bob]) {
    const lead = (await world.leadOf(again, person.psid))!;
    expect(lead.status).toBe('subscribed');
    const bundle = await world.bundleOf(again, lead.uuid);
    const verdict = verifier.verify(bundle, ['--key', world.vkey]);
    expect([reasonsOf(verdict), statesOf(verdict)]).toEqual(['', expect.stringMatching(/^PASS/)]);
  }
  const lead = (await world.leadOf(again, ann.psid))!;
  const beside = verifier.file('before', before);
  const both = verifier.verify(await world.bundleOf(again, lead.uuid), ['--key', world.vkey, '--earlier', beside]);
  expect(reasonsOf(both)).toBe('');

  expect(await came(again, archive)).toEqual({ inArchive: 2, returned: 0, already: 2, refused: {} });
  await world.sequence();
  expect(await world.audit()).toMatchObject({ findings: [], size: size + 1 });

  await world.tap(again, ann.psid, 'assent:v1:unsubscribe');
  expect((await world.leadOf(again, ann.psid))!.status).toBe('unsubscribed');
  await sound();
});
