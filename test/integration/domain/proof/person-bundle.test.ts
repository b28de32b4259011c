import { mkdtempSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeLeadBundle } from '../../../../src/domain/proof';
import { ROOT } from '../../../support/program';
import { message, newPsid, postback } from '../inbox/inbox-world';
import { openProofWorld, type ProofWorld } from './proof-world';

let world: ProofWorld;
beforeAll(async () => {
  world = await openProofWorld();
});
afterAll(() => world.close());

it('tries', async () => {
  const page = await world.newPage();
  const [ann, bob] = [newPsid(), newPsid()];
  await world.deliver(
    page,
    postback(page, ann, world.now(), 'assent:v1:start'),
    message(page, bob, world.now(), 'hello'),
  );
  await world.sequence();
  await world.anchor();
  const a = (await world.leadOf(page, ann))!;
  const b = (await world.leadOf(page, bob))!;
  await world.showNotice(page, a.id);
  await world.showNotice(page, b.id);
  await world.sendTo(page, [b.id, a.id]);
  await world.deliver(page, message(page, ann, world.now(), 'STOP'));
  await world.sequence();
  world.setNow(new Date(world.now().getTime() + 61_000));
  await world.anchor();
  const zip = await makeLeadBundle(world.bundleDeps)({ accountId: page.accountId, leadUuid: a.uuid, form: 'zip' });
  const dir = mkdtempSync(path.join(tmpdir(), 'bundle-'));
  writeFileSync(path.join(dir, 'b.zip'), zip);
  console.log(dir, world.vkey);
  const run = spawnSync(
    'node',
    [path.join(ROOT, 'tools/assent-verify.mjs'), '--key', world.vkey, path.join(dir, 'b.zip')],
    { encoding: 'utf8' },
  );
  console.log(run.stdout, run.stderr);
  const hand = spawnSync(
    'bash',
    ['-c', `cd ${dir} && unzip -q b.zip -d x && cd x && bash verify-by-hand.sh '${world.vkey}'`],
    { encoding: 'utf8' },
  );
  console.log(hand.stdout, hand.stderr);
});
