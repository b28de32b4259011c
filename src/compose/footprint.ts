import { existsSync } from 'node:fs';
import path from 'node:path';
import { dataDirectory, databaseFootprint, makeScanFootprint, type FootprintStore } from '../domain/footprint';
import { fileFootprint } from '../platform/footprint/file-store';
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
