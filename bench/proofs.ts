import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeBroadcastProofs, makeLeadBundle } from '../src/domain/proof';
import { openEmbeddedPostgres } from '../src/platform/embedded';
import { message, newPsid } from '../test/integration/domain/inbox/inbox-world';
import { openProofWorld, type ProofWorld } from '../test/integration/domain/proof/proof-world';
import { ROOT } from '../test/support/program';

/** Messages of one chunk, as the workers claim them. */
const CHUNK = 50;

export interface ProofBench {
  readonly bundlesPerSecond: number;
  /** For one message of a broadcast: entries, webhook, wording, both inclusion proofs, a witness. Start-up taken off. */
  readonly verifyMs: number;
}

/** People by signed webhooks, one message to each, a witness over it; bundles of them, and the published verifier. */
export async function benchProofs(people: number): Promise<ProofBench> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'assent-bench-'));
  const server = await openEmbeddedPostgres({ dataDir, database: 'bench' });
  process.env.TEST_DATABASE_URL = server.url;
  const world = await openProofWorld({ witnessSeed: randomBytes(32) });
  try {
    const { accountId, broadcastUuid } = await fillStage(world, people);
    const leads = await world.db.rows<{ uuid: string }>('select public_id as uuid from lead order by id limit 500');
    const bundle = makeLeadBundle(world.bundleDeps);
    const startMs = performance.now();
    for (const { uuid } of leads) await bundle({ accountId, leadUuid: uuid, form: 'zip' });
    const bundlesPerSecond = leads.length / ((performance.now() - startMs) / 1000);
    const parts: Buffer[] = [];
    const stream = await makeBroadcastProofs(world.bundleDeps)({ accountId, broadcastUuid, form: 'ndjson' });
    for await (const part of stream) parts.push(part);
    return { bundlesPerSecond, verifyMs: verifyMs(world, Buffer.concat(parts), people) };
  } finally {
    await world.close();
    await server.release();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function fillStage(world: ProofWorld, people: number): Promise<{ accountId: string; broadcastUuid: string }> {
  const page = await world.newPage();
  for (let n = 0; n < people; n += 1) {
    const messaging = [message(page, newPsid(), world.now(), 'When do you open on Monday?')];
    await world.store({ object: 'page', entry: [{ id: page.metaPageId, time: world.now().getTime(), messaging }] });
  }
  await world.drain();
  const leads = await world.db.rows<{ id: string }>('select id from lead order by id');
  for (const { id } of leads) await world.showNotice(page, id);
  while ((await world.sequence()).kind === 'signed');
  const ids = leads.map(({ id }) => id);
  const { broadcastUuid } = await world.sendTo(page, ids, { chunk: CHUNK });
  while ((await world.sequence()).kind === 'signed');
  await world.anchor();
  return { accountId: page.accountId, broadcastUuid };
}

/** @throws when the verifier does not say PROVED of every record */
function verifyMs({ vkey, bundleDeps }: ProofWorld, bundle: Buffer, people: number): number {
  const dir = mkdtempSync(path.join(tmpdir(), 'assent-bench-verify-'));
  const trusted = ['--key', vkey, '--witness', bundleDeps.witnessVkeys[0] ?? ''];
  const run = (name: string, bytes: Buffer) => {
    const file = path.join(dir, name);
    writeFileSync(file, bytes);
    const startMs = performance.now();
    const args = [path.join(ROOT, 'tools/assent-verify.mjs'), '--json', ...trusted, file];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
    const { records } = JSON.parse(stdout) as { records: number };
    return { ms: performance.now() - startMs, status, records };
  };
  const idle = run('nothing', Buffer.alloc(0));
  const full = run('broadcast', bundle);
  rmSync(dir, { recursive: true });
  if (full.status !== 0 || full.records !== people)
    throw new Error(`the verifier ended with ${String(full.status)} after ${String(full.records)} records`);
  return (full.ms - idle.ms) / people;
}
