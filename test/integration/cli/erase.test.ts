import { randomUUID } from 'node:crypto';
import { erase } from '../../../src/cli/erase';
import { openHttpWorld, type HttpAccount, type HttpWorld } from '../http/http-world';

let world: HttpWorld;
let ann: HttpAccount;
let pageId: string;
let said: string[];
beforeAll(async () => {
  world = await openHttpWorld();
  ann = await world.account('ann@example.com');
  ({ pageId } = await world.connect(ann.api));
});
afterAll(() => world.close());
beforeEach(() => {
  said = [];
});

interface Answer {
  readonly id: string;
  readonly state: string;
  readonly status_url: string;
  readonly person_url: string | null;
  readonly certificate: string | null;
}
const accountUuid = async (): Promise<string> =>
  (await world.db.first<{ uuid: string }>('select public_id as uuid from account where id = $1', [ann.id]))!.uuid;
const run = async (lead: string, account?: string, patienceMs = 0): Promise<Answer> =>
  (await erase(
    world.infrastructure,
    { kind: 'erase', account: account ?? (await accountUuid()), lead, keepsMark: false },
    (text) => void said.push(text),
    patienceMs,
  )) as Answer;

it('begins the erasure that the API shows, and says that it goes on by itself', async () => {
  const lead = await world.lead(ann.api, pageId, '6230000000000901');
  const begun = await run(lead);
  expect(begun).toMatchObject({ state: 'waiting', certificate: null });
  expect(begun.person_url).toMatch(new RegExp(`^${begun.status_url}#[A-Za-z0-9_-]{86}$`));
  expect(said.join(' ')).toContain('not complete yet');
  expect(await ann.api.expect(200, 'GET', `/v1/erasures/${begun.id}`)).toMatchObject({ state: 'waiting' });
  const again = await run(lead);
  expect([again.id, again.person_url]).toEqual([begun.id, null]);
});

it('waits for the workers, and prints the certificate', async () => {
  const lead = await world.lead(ann.api, pageId, '6230000000000902');
  await world.useCases.sequence();
  const erased = run(lead, undefined, 20_000);
  let isOver = false;
  void erased.finally(() => (isOver = true));
  while (!isOver) {
    for (const sweep of world.useCases.erasing) await sweep.run();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { state, certificate } = await erased;
  expect([state, certificate?.split('\n')[0]]).toEqual(['complete', 'assent-erasure-certificate/v1']);
  expect(said.join(' ')).not.toContain('not complete yet');
  await expect(run(lead)).rejects.toMatchObject({ code: 'lead_erased' });
});

it('knows no lead of another account, and no account that is not there', async () => {
  const lead = await world.lead(ann.api, pageId, '6230000000000903');
  const bob = await world.account('bob@example.com');
  const { uuid } = (await world.db.first<{ uuid: string }>('select public_id as uuid from account where id = $1', [
    bob.id,
  ]))!;
  await expect(run(lead, uuid)).rejects.toMatchObject({ code: 'lead_not_found' });
  await expect(run(lead, randomUUID())).rejects.toMatchObject({ code: 'account_not_found' });
  await ann.api.expect(200, 'GET', `/v1/leads/${lead}`);
});
