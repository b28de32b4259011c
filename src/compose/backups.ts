import path from 'node:path';
import { makeAccessOfMany } from '../domain/access';
import { makeListApiKeys } from '../domain/accounts';
import {
  makeDownloadBackup,
  makeDropBackupFiles,
  makeExpireBackups,
  makeGetBackup,
  makeGetImport,
  makeImportBackup,
  makeListBackups,
  makeMakeBackup,
  makeRequestBackup,
  makeRequeueBackups,
} from '../domain/backup';
import { makeCreateBroadcast, makeGetBroadcast, makeListBroadcasts, type BroadcastInput } from '../domain/broadcasts';
import { makeAddTags, makeListTags } from '../domain/leads';
import { makeGetPage, makeListPages, makeUpdatePage, type PageDeps, type PageSettingsChange } from '../domain/pages';
import type { makeRangeProofs } from '../domain/proof';
import { makeReturnPeople } from '../domain/returns';
import type { RowId } from '../domain/sql.types';
import { createBroadcastBody, toNewBroadcast } from '../http/broadcast.schemas';
import { toSettings, updatePageBody } from '../http/page.schemas';
import { archiveFiles } from '../platform/archives/archive-files';
import { spoolIn } from '../platform/archives/spool';
import type { Infrastructure } from './infrastructure';

export interface BackupsPort {
  readonly accountKey: (accountId: RowId) => Promise<Buffer>;
  readonly logOrigin: string;
  readonly ofRange: ReturnType<typeof makeRangeProofs>;
  readonly pageDeps: PageDeps;
}

const draftBody = createBroadcastBody.omit({ launch: true });

/** An archive is read as the API reads a request: whoever made it may be anybody. */
function readBroadcast(body: unknown): BroadcastInput | null {
  const parsed = draftBody.safeParse(body);
  return parsed.success ? toNewBroadcast(parsed.data) : null;
}

function readSettings(body: unknown): PageSettingsChange | null {
  const parsed = updatePageBody.safeParse(body);
  return parsed.success ? toSettings(parsed.data) : null;
}

/** Wires archives of accounts. */
export function composeBackups(
  infrastructure: Infrastructure,
  { accountKey, logOrigin, ofRange, pageDeps }: BackupsPort,
) {
  const { db, keyRing, clock, ids, log, queue, config } = infrastructure;
  const directory = path.join(config.dataDir, 'exports');
  const files = archiveFiles(directory);
  const common = { db, keyRing, clock, ids, log, queue, files, accountKey };
  const dropFiles = makeDropBackupFiles(common);
  return {
    routes: {
      request: makeRequestBackup(common),
      list: makeListBackups(common),
      get: makeGetBackup(common),
      download: makeDownloadBackup(common),
      getImport: makeGetImport({ db }),
      importBackup: makeImportBackup({
        ...common,
        logOrigin,
        returnPeople: makeReturnPeople({ db, keyRing, clock, ids, logOrigin }),
        spool: spoolIn(directory),
        updatePage: makeUpdatePage(pageDeps),
        addTags: makeAddTags(common),
        createBroadcast: makeCreateBroadcast(common),
        readBroadcast,
        readSettings,
      }),
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
    dropFiles,
    sweeps: [
      { name: 'requeue-backups', run: makeRequeueBackups(common) },
      { name: 'drop-backup-files', run: dropFiles },
    ],
    housekeeping: [{ name: 'expire-backups', run: makeExpireBackups(common) }],
  };
}
