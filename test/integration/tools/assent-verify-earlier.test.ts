import { bundleSigner, logSigner } from '../../../src/domain/ledger';
import { noteSigner, vkeyOf } from '../../../src/domain/ledger/note.rules';
import { makeBroadcastProofs, makeLeadBundle, makeMessageBundle, makeRangeProofs } from '../../../src/domain/proof';
import { sha256 } from '../../../src/kernel/crypto/merkle';
import { jsonOf, resigned, treeOf, type Tree } from '../../support/bundle-tree';
import { makeTestTsa, type TestTsa } from '../../support/test-tsa';
import { openVerifier, type Verdict, type Verifier } from '../../support/verifier';
import { message, newPsid, postback, type TestPage } from '../domain/inbox/inbox-world';
import { openProofWorld, type ProofWorld } from '../domain/proof/proof-world';

const WITNESS_SEED = Buffer.alloc(32, 2);
const DAY_MS = 86_400_000;
let world: ProofWorld;
let page: TestPage;
let tsa: TestTsa;
let verifier: Verifier;
/** The same person, before and after a withdrawal. */
let early: Buffer;
let late: Buffer;
let ofMessage: Buffer;
let ofBroadcast: Buffer;
let ofRange: Buffer;

const now = (): void => world.setNow(new Date());
const all = async (stream: Promise<AsyncGenerator<Buffer>>): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const part of await stream) parts.push(part);
  return Buffer.concat(parts);
};

beforeAll(async () => {
  tsa = makeTestTsa();
  world = await openProofWorld({ tsa, witnessSeed: WITNESS_SEED });
  page = await world.newPage();
  verifier = openVerifier();
  now();
  const psid = newPsid();
  await world.deliver(page, postback(page, psid, new Date(), 'assent:v1:start'));
  const { id, uuid: leadUuid } = (await world.leadOf(page, psid))!;
  await world.showNotice(page, id);
  await world.sequence();
  const { broadcastUuid, deliveryUuids } = await world.sendTo(page, [id]);
  await world.sequence();
  await world.anchor();
  const { accountId } = page;
  const exportLead = () => makeLeadBundle(world.bundleDeps)({ accountId, leadUuid, form: 'json' });
  early = await exportLead();
  now();
  await world.deliver(page, message(page, psid, new Date(), 'STOP'));
  await world.sequence();
  await world.anchor();
  late = await exportLead();
  const order = { accountId, broadcastUuid, deliveryUuid: deliveryUuids[0]! };
  ofMessage = await makeMessageBundle(world.bundleDeps)({ ...order, form: 'zip' });
  ofBroadcast = await all(makeBroadcastProofs(world.bundleDeps)({ ...order, form: 'ndjson' }));
  const [from, to] = [new Date(Date.now() - DAY_MS), new Date(Date.now() + 60_000)];
  ofRange = await all(makeRangeProofs(world.bundleDeps)({ accountId, page: page.uuid, from, to, form: 'zip' }));
});
afterAll(async () => {
  verifier.close();
  tsa.close();
  await world.close();
});

let given = 0;
function judge(bundle: Buffer, ...others: readonly Buffer[]): Verdict {
  const witness = vkeyOf(noteSigner('witness.test/w1', WITNESS_SEED), 4);
  const options = others.flatMap((other) => ['--earlier', verifier.file(`other-${String((given += 1))}`, other)]);
  return verifier.verify(bundle, ['--key', world.vkey, '--witness', witness, ...options]);
}

/** The operator leaves out the last entry, states a chain that fits, and signs for it. */
function withoutEnd(bundle: Buffer): Buffer {
  const tree: Tree = treeOf(bundle);
  const chain = JSON.parse(tree.get('entries/chain.json')!.toString()) as { n: number; head: string };
  const name = (n: number): string => String(n).padStart(4, '0');
  for (const path of tree.keys()) if (path.includes(`/${name(chain.n)}`)) tree.delete(path);
  const last = `entries/${name(chain.n - 1)}`;
  const head = sha256(Buffer.concat([sha256(tree.get(`${last}.json`)!), tree.get(`${last}.nonce`)!])).toString('hex');
  tree.set(
    'entries/chain.json',
    Buffer.from(JSON.stringify({ ...chain, head, n: chain.n - 1 }, Object.keys(chain).sort())),
  );
  return jsonOf(resigned(tree, bundleSigner(logSigner(world.keyRing, world.deps.logOrigin))));
}

it('honest bundles of one log agree, whatever they are about', () => {
  const others = [early, ofMessage, ofBroadcast, ofRange];
  for (const verdict of [judge(late, ...others), judge(early, late), judge(ofRange, late, early)]) {
    expect(verdict.levels.flatMap(({ reasons }) => reasons)).toEqual([]);
    expect([verdict.exit, verdict.compared]).toEqual([0, 1]);
  }
});

it('a withdrawal left out at the end passes alone, and beside any other bundle that shows it fails', () => {
  const hiding = withoutEnd(late);
  expect(judge(hiding).exit).toBe(0);
  expect(judge(hiding, early).exit).toBe(0);
  for (const other of [late, ofMessage, ofBroadcast, ofRange]) {
    const { exit, levels } = judge(hiding, early, other);
    expect([exit, levels[2]!.reasons.join()]).toEqual([
      1,
      expect.stringContaining('this bundle hides entry 3 (withdraw)') as string,
    ]);
  }
});
