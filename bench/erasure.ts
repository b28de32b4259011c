import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrations } from '../migrations';
import { composeFootprintCheck } from '../src/compose/footprint';
import { accountKey } from '../src/domain/accounts';
import { skipPendingOfLead, skipRepliesOfLead } from '../src/domain/delivery';
import {
  makeAskAccountErasure,
  makeCarryOutAccountErasures,
  makeCarryOutErasures,
  makeConfirmAccountErasure,
  makeRequestErasure,
} from '../src/domain/erasure';
import { systemClock } from '../src/kernel/clock';
import { randomIds } from '../src/kernel/ids';
import { openEmbeddedPostgres } from '../src/platform/embedded';
import { erasedAccountsFile } from '../src/platform/keyring';
import { openDatabase } from '../src/platform/postgres/database';
import { callFiles } from '../src/platform/recipients';
import { migrateDatabase } from '../src/platform/postgres/migrate';
import { met, whole, type Topic } from './figures';
import { fill, openLedgerStage, type LedgerStage } from './ledger';

const MANY = 1_000;
const GOAL_ONE_MS = 5_000;
const GOAL_ACCOUNT_MS = 60_000;
const quiet = { event: () => undefined, warn: () => undefined, error: () => undefined };

/** Erasing one lead, many at once, and an account with everybody of it: real server, files of keys and log, one process. */
export async function benchErasure(people: number): Promise<Topic> {
  const dataDir = mkdtempSync(join(tmpdir(), 'assent-bench-'));
  const server = await openEmbeddedPostgres({ dataDir, database: 'bench' });
  const db = await openDatabase({ url: server.url, poolSize: 8, migrations, applicationName: 'assent-bench' });
  try {
    await migrateDatabase(db);
    const stage = await openLedgerStage(db, server.url, join(dataDir, 'keys'));
    await fill(stage, people);
    const oneMs = await eraseLeads(stage, dataDir, 1);
    const manyMs = await eraseLeads(stage, dataDir, MANY);
    const account = await eraseAccount(stage, join(dataDir, 'keys'));
    const left = people - 1 - MANY;
    return {
      title: 'Erasure',
      how: `One process with an embedded server and ${whole(people)} people of one Page with an opt-in each, 1,024 buckets of keys. A lead counts as erased when its certificate is signed; an account as unreadable when its key ring and its own key are destroyed, and as deleted with its certificate. The look for what is left of those leads is part of both, one for each round of at most 200 buckets; it ends after three seconds at the latest, and the certificates say how far it came.`,
      rows: [
        ['one lead, from the request to the certificate', `${whole(oneMs)} ms`, met('< 5 s', oneMs < GOAL_ONE_MS)],
        [`${whole(MANY)} leads at once, from the first request to the last certificate`, `${whole(manyMs)} ms`, ''],
        [
          `an account with ${whole(left)} people, from the yes until nobody can be read`,
          `${whole(account.unreadableMs)} ms`,
          met('1,000,000 in < 60 s', account.unreadableMs < GOAL_ACCOUNT_MS),
        ],
        ['the same until every row is deleted and the certificate signed', `${whole(account.completeMs)} ms`, ''],
      ],
    };
  } finally {
    await db.close();
    await server.release();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function eraseLeads(
  { db, append, accountId, sequence }: LedgerStage,
  dataDir: string,
  count: number,
): Promise<number> {
  const request = makeRequestErasure({ ...append, db, skipPendingOfLead, skipRepliesOfLead });
  const carryOut = makeCarryOutErasures({
    ...append,
    db,
    log: quiet,
    keyRingCopy: null,
    sealedCalls: callFiles(join(dataDir, 'keys', 'recipient-calls')),
    dropBackupFiles: () => Promise.resolve(),
    checkFootprint: composeFootprintCheck({
      db,
      ids: randomIds,
      clock: systemClock,
      config: { dataDir, keyRingDir: join(dataDir, 'keys'), keyRingCopyDir: null, redisUrl: null },
    }),
  });
  const leads = await db.rows<{ uuid: string }>('select public_id as uuid from lead order by random() limit $1', [
    count,
  ]);
  const began = performance.now();
  for (const { uuid } of leads)
    await request({ accountId, leadUuid: uuid, erasureUuid: randomIds.uuid(), keepsMark: false });
  for (let done = 0; done < count; done += await carryOut()) await sequence();
  return performance.now() - began;
}

async function eraseAccount({ db, keyRing, append, accountId, sequence }: LedgerStage, keysDir: string) {
  let token = '';
  const post = (_tx: unknown, { text }: { readonly text: string }): Promise<boolean> => {
    token = /account-deletion\/([\w-]{43})\n/.exec(text)?.[1] ?? '';
    return Promise.resolve(true);
  };
  let ringsGone = Number.NaN;
  const deps = {
    ...append,
    db,
    log: quiet,
    keyRing: {
      ...keyRing,
      destroyAccountKey: async (account: string) => {
        await keyRing.destroyAccountKey(account);
        ringsGone = performance.now();
      },
    },
    keyRingCopy: null,
    sealedCalls: callFiles(join(keysDir, 'recipient-calls')),
    erasedAccounts: erasedAccountsFile(keysDir),
    dropBackupFiles: () => Promise.resolve(),
    accountKey: (id: string) => accountKey(db, keyRing, id),
    post,
    releasePages: () => Promise.resolve({ released: 1, left: 0 }),
    publicUrl: 'https://bench.invalid',
  };
  await makeAskAccountErasure(deps)({ accountId, name: 'Bench' });
  const carryOut = makeCarryOutAccountErasures(deps);
  const began = performance.now();
  await makeConfirmAccountErasure(deps)(token);
  while ((await carryOut()) === 0) await sequence();
  return { unreadableMs: ringsGone - began, completeMs: performance.now() - began };
}
