import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../config/env';
import {
  dataDirectory,
  databaseFootprint,
  databaseTables,
  FOOTPRINT_BUDGET_MS,
  makeCheckFootprint,
  makeScanFootprint,
  type FootprintStore,
  type SizedStore,
} from '../domain/footprint';
import { fileFootprint, sizedFiles } from '../platform/footprint/file-store';
import { connectRedis } from '../platform/redis/connection';
import { redisFootprint } from '../platform/redis/redis-footprint';
import type { Infrastructure } from './infrastructure';

/**
 * Wires the scan over everything that this installation keeps: the database as queries see it, its files with the journal and the log, the
 * folder of the program, the key ring and its copy, Redis, and whatever else is named.
 *
 * @param more paths of logs, mail, copies of the database and the like
 */
export async function composeFootprint({ config, db, ids }: Infrastructure, more: readonly string[]) {
  const { redisUrl } = config;
  const there = (paths: readonly (string | null)[]): string[] =>
    paths.filter((one): one is string => one !== null && existsSync(one));
  const server = await dataDirectory(db);
  const ofServer = server === null ? [] : [server, ...there([path.join(server, '../postgres.log')])];
  const stores: FootprintStore[] = [
    databaseFootprint(db),
    fileFootprint('files of the database', ofServer),
    fileFootprint('DATA_DIR', there([config.dataDir])),
    fileFootprint('key ring', there([config.keyRingDir, config.keyRingCopyDir])),
    ...(redisUrl === null ? [] : [redisFootprint(() => connectRedis(redisUrl))]),
    ...(more.length === 0 ? [] : [fileFootprint('named paths', more)]),
  ];
  return makeScanFootprint({ ids, stores });
}

type Checked = Pick<Infrastructure, 'db' | 'ids' | 'clock'> & {
  readonly config: Pick<Config, 'dataDir' | 'keyRingDir' | 'keyRingCopyDir' | 'redisUrl'>;
};

/** How large a queue is taken to be: it holds ids of Pages and chunks. */
const QUEUE_BYTES = 1_000_000;

/**
 * Wires the look after an erasure: each table, the key ring with the calls of recipients beside it, its copy, the archives of accounts,
 * and Redis. Not the files of the database: the random ids of a row lie there until the server writes over them.
 */
export function composeFootprintCheck({ config, db, ids, clock }: Checked) {
  const { dataDir, keyRingDir, keyRingCopyDir, redisUrl } = config;
  const exports = path.join(dataDir, 'exports');
  const stores = async (): Promise<SizedStore[]> => [
    ...(await databaseTables(db)),
    await sizedFiles('key ring', keyRingDir),
    ...(keyRingCopyDir === null ? [] : [await sizedFiles('copy of the key ring', keyRingCopyDir)]),
    ...(existsSync(exports) ? [await sizedFiles('archives', exports)] : []),
    ...(redisUrl === null ? [] : [{ ...redisFootprint(() => connectRedis(redisUrl)), bytes: QUEUE_BYTES }]),
  ];
  return makeCheckFootprint({ ids, clock, stores, budgetMs: FOOTPRINT_BUDGET_MS });
}
