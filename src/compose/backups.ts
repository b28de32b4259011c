import path from 'node:path';
import { makeAccessOfMany } from '../domain/access';
import { makeListApiKeys } from '../domain/accounts';
import {
  makeDownloadBackup,
  makeDropBackupFiles,
  makeExpireBackups,
  makeGetBackup,
  makeListBackups,
  makeMakeBackup,
  makeRequestBackup,
  makeRequeueBackups,
} from '../domain/backup';
import { makeGetBroadcast, makeListBroadcasts } from '../domain/broadcasts';
import { makeListTags } from '../domain/leads';
import { makeGetPage, makeListPages } from '../domain/pages';
import type { makeRangeProofs } from '../domain/proof';
import type { RowId } from '../domain/sql.types';
import { archiveFiles } from '../platform/archives/archive-files';
import type { Infrastructure } from './infrastructure';

export interface BackupsPort {
  readonly accountKey: (accountId: RowId) => Promise<Buffer>;
  readonly logOrigin: string;
  readonly ofRange: ReturnType<typeof makeRangeProofs>;
}

/** Wires archives of accounts. */
export function composeBackups(infrastructure: Infrastructure, { accountKey, logOrigin, ofRange }: BackupsPort) {
  const { db, keyRing, clock, ids, log, queue, config } = infrastructure;
  const files = archiveFiles(path.join(config.dataDir, 'exports'));
  const common = { db, keyRing, clock, ids, log, queue, files, accountKey };
  return {
    routes: {
      request: makeRequestBackup(common),
      list: makeListBackups(common),
      get: makeGetBackup(common),
      download: makeDownloadBackup(common),
    },
    makeBackup: makeMakeBackup({
      ...common,
      logOrigin,
      listPages: makeListPages(common),
      getPage: makeGetPage(common),
      listApiKeys: makeListApiKeys(common),
      listTags: makeListTags(common),
      listBroadcasts: makeListBroadcasts(common),
      getBroadcast: makeGetBroadcast(common),
      accessOfMany: makeAccessOfMany(common),
      proofsOf: (accountId, to) => ofRange({ accountId, page: undefined, from: new Date(0), to, form: 'ndjson' }),
    }),
    dropFiles: makeDropBackupFiles(common),
    sweeps: [{ name: 'requeue-backups', run: makeRequeueBackups(common) }],
    housekeeping: [{ name: 'expire-backups', run: makeExpireBackups(common) }],
  };
}
