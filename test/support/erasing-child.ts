// A process that carries erasures out, or tells recipients of them, and is killed at a step: node -r typescript-register.cjs erasing-child.ts ORDER.
// A step is the moment before and the moment after each transaction, statement, post, and change of the key ring, its copy or a sealed call.
import path from 'node:path';
import { composeFootprintCheck } from '../../src/compose/footprint';
import { makeCarryOutAccountErasures, makeCarryOutErasures } from '../../src/domain/erasure';
import type { KeyRing } from '../../src/domain/keyring.types';
import { makeCallRecipients, type RecipientPost } from '../../src/domain/recipients';
import { makePost } from '../../src/domain/mail';
import { randomIds } from '../../src/kernel/ids';
import { erasedAccountsFile, openKeyRing, openRingCopy, postgresRingRegistry } from '../../src/platform/keyring';
import { openDatabase } from '../../src/platform/postgres/database';
import { callFiles, postToRecipient } from '../../src/platform/recipients';

export interface ErasingOrder {
  readonly of: 'leads' | 'accounts' | 'calls';
  readonly url: string;
  readonly ringDir: string;
  readonly copyDir: string;
  readonly seal: string;
  readonly logOrigin: string;
  readonly now: string;
  /** Null: it is let live. */
  readonly killAt: number | null;
}

type Work<Args extends unknown[], Result> = (...args: Args) => Promise<Result>;

async function main(order: ErasingOrder): Promise<void> {
  let left = order.killAt ?? Infinity;
  const step = (): void => {
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
  const dying =
    <Args extends unknown[], Result>(work: Work<Args, Result>): Work<Args, Result> =>
    async (...args) => {
      step();
      const result = await work(...args);
      step();
      return result;
    };
  const opened = await openDatabase({ url: order.url, poolSize: 4, applicationName: 'erasing-child' });
  const registry = postgresRingRegistry(opened);
  const clock = { now: () => new Date(order.now), monotonicMs: () => performance.now() };
  const ring = await openKeyRing({
    dir: order.ringDir,
    seals: [Buffer.from(order.seal, 'hex')],
    registry,
    clock,
    ids: randomIds,
  });
  const copy = await openRingCopy({ dir: order.ringDir, copyDir: order.copyDir, registry });
  const erased = erasedAccountsFile(order.ringDir);
  const sealedCalls = callFiles(path.join(order.ringDir, 'recipient-calls'));
  const note = () => undefined;
  const transaction: typeof opened.transaction = (work, options) => dying(() => opened.transaction(work, options))();
  const checkFootprint = composeFootprintCheck({
    db: opened,
    ids: randomIds,
    clock,
    config: { dataDir: order.ringDir, keyRingDir: order.ringDir, keyRingCopyDir: order.copyDir, redisUrl: null },
  });
  const deps = {
    db: { ...opened, transaction, run: dying((text: string, values?: readonly unknown[]) => opened.run(text, values)) },
    keyRing: {
      ...ring,
      stage: dying((...args: Parameters<KeyRing['stage']>) => ring.stage(...args)),
      keepLeadKeys: dying((...args: Parameters<KeyRing['keepLeadKeys']>) => ring.keepLeadKeys(...args)),
      commit: dying((...args: Parameters<KeyRing['commit']>) => ring.commit(...args)),
      destroyAccountKey: dying((uuid: string) => ring.destroyAccountKey(uuid)),
      dropRing: dying((...args: Parameters<KeyRing['dropRing']>) => ring.dropRing(...args)),
    },
    clock,
    ids: randomIds,
    logOrigin: order.logOrigin,
    log: { event: note, warn: note, error: note },
    keyRingCopy: { update: dying(() => copy.update()) },
    erasedAccounts: { ...erased, add: dying((mac: Buffer) => erased.add(mac)) },
    dropBackupFiles: dying(() => Promise.resolve(0)),
    checkFootprint: dying(checkFootprint),
    releasePages: () => Promise.resolve({ released: 0, left: 0 }),
    publicUrl: 'https://assent.example',
    post: dying((post: RecipientPost) => postToRecipient({ onLoopback: true })(post)),
    sealedCalls: {
      ...sealedCalls,
      put: dying((id: string, bytes: Buffer) => sealedCalls.put(id, bytes)),
      drop: dying((id: string) => sealedCalls.drop(id)),
    },
  };
  const postMail = makePost({ ...deps, sender: null });
  if (order.of === 'leads') await makeCarryOutErasures(deps)();
  else if (order.of === 'calls') await makeCallRecipients(deps)();
  else await makeCarryOutAccountErasures({ ...deps, post: postMail })();
  await opened.close();
}

main(JSON.parse(process.argv[2] ?? '{}') as ErasingOrder).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
