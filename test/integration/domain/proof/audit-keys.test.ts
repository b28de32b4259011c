import { rotateBucket } from '../../../../src/domain/leads';
import { makeAuditLedger } from '../../../../src/domain/proof';
import { newPsid, postback, type TestPage } from '../inbox/inbox-world';
import { openProofWorld, type ProofWorld } from './proof-world';

let world: ProofWorld;
let page: TestPage;
let bucket: number;

beforeAll(async () => {
  world = await openProofWorld();
  page = await world.newPage();
  const psid = newPsid();
  await world.deliver(page, postback(page, psid, world.now(), 'assent:v1:start'));
  await world.logPage(page);
  await world.sequence();
  bucket = world.keyRing.bucketOf(page.uuid, psid);
});
afterAll(() => world.close());

/** An audit in another process, before whose reading of the database the bucket is rotated some times. */
async function auditOvertaken(times: number) {
  let left = times;
  const read = async () => {
    if ((left -= 1) >= 0) await rotateBucket(world.deps, { page, bucket });
    return world.checkpointCopy.read();
  };
  const checkpointCopy = { ...world.checkpointCopy, read };
  return makeAuditLedger({ ...world.deps, keyRing: await world.otherRing(), checkpointCopy })();
}

it('takes a key that was rotated meanwhile for no finding', async () => {
  expect(await auditOvertaken(1)).toMatchObject({ ok: true, opened: 3, people: 1 });
  expect(await auditOvertaken(3)).toMatchObject({ ok: true, opened: 3, people: 1 });
});

it('gives up where keys are rotated faster than it can look', async () => {
  await expect(auditOvertaken(9)).rejects.toMatchObject({ code: 'audit_overtaken' });
});

it('names what is under a key that exists nowhere', async () => {
  await world.db.run('update lead_key set key_version = 1');
  const result = await auditOvertaken(0);
  expect(result.findings.map(({ what, leafIndex }) => [what, leafIndex])).toEqual([
    ['opening_unreadable', 0],
    ['lead_key', null],
    ['chain_empty', null],
    ['lead_chain', null],
    ['lead_status', null],
    ['lead_consent', null],
    ['lead_consent', null],
  ]);
});
