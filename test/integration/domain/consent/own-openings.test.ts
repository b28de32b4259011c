import { ownOpenings } from '../../../../src/domain/consent';
import { makeAuditLedger } from '../../../../src/domain/proof';
import type { TestPage } from '../inbox/inbox-world';
import { openProofWorld, type ProofWorld } from '../proof/proof-world';

let world: ProofWorld;
let page: TestPage;
beforeEach(async () => {
  world = await openProofWorld();
  page = await world.newPage();
  await world.logPage(page);
});
afterEach(() => world.close());

const named = async (): Promise<string[]> => {
  const { findings } = await makeAuditLedger({ ...world.deps, checkpointCopy: world.checkpointCopy })();
  return findings.map(({ what }) => what);
};
const forget = () => world.db.run('update ledger_opening set owner_mac = null');

it('lets openings of an earlier release show whose they are, once, signed or waiting, sealed or in clear', async () => {
  const [ann, bob] = [await world.subscribe(page), await world.subscribe(page)];
  await world.sendTo(page, [ann.id, bob.id]);
  const macs = () => world.db.rows('select entry_id, owner_mac from ledger_opening order by 1');
  const before = await macs();
  await forget();
  expect(await named()).toEqual(before.map(() => 'opening_owner'));
  expect(await ownOpenings(world)).toBe(before.length);
  expect(await macs()).toEqual(before);
  expect(await ownOpenings(world)).toBe(0);
  expect(await named()).toEqual([]);
});

it('gives none to what does not open where it stands, and to none that another account has', async () => {
  const [ann, bob] = [await world.subscribe(page), await world.subscribe(page)];
  const other = await world.newPage();
  await forget();
  await world.db.run('update ledger_opening set lead_id = $1 where lead_id = $2', [bob.id, ann.id]);
  await world.db.run('update ledger_opening set account_id = $1 where account_id = $2 and opening is not null', [
    other.accountId,
    page.accountId,
  ]);
  await ownOpenings(world);
  const without = 'ledger_opening where owner_mac is null';
  expect(await world.count(`${without} and lead_id = $1`, [bob.id])).toBeGreaterThan(0);
  expect(await world.count('ledger_opening where owner_mac is not null and lead_id = $1', [bob.id])).toBeGreaterThan(0);
  expect(await world.count(`${without} and account_id = $1`, [other.accountId])).toBeGreaterThan(0);
  expect(await world.count('ledger_opening where owner_mac is not null and account_id = $1', [other.accountId])).toBe(
    0,
  );
});

it('gives none that is sealed under a key that is gone, and goes on', async () => {
  const [ann, bob] = [await world.subscribe(page), await world.subscribe(page)];
  await forget();
  await world.db.run(`update lead_key set key_version = 77 where lead_id = $1`, [ann.id]);
  await ownOpenings(world);
  expect(await world.count('ledger_opening where owner_mac is not null and lead_id = $1', [ann.id])).toBe(0);
  expect(await world.count('ledger_opening where owner_mac is null and lead_id = $1', [bob.id])).toBe(0);
});
