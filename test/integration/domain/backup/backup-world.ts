import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { makeAccessOfMany } from '../../../../src/domain/access';
import { accountKey, makeListApiKeys } from '../../../../src/domain/accounts';
import {
  makeDownloadBackup,
  makeDropBackupFiles,
  makeExpireBackups,
  makeGetBackup,
  makeMakeBackup,
  makeRequestBackup,
  makeRequeueBackups,
  type MakeBackupDeps,
} from '../../../../src/domain/backup';
import { filesOfTar } from '../../../../src/domain/backup/tar';
import {
  makeCreateBroadcast,
  makeGetBroadcast,
  makeListBroadcasts,
  type AudienceInput,
} from '../../../../src/domain/broadcasts';
import { makeListTags } from '../../../../src/domain/leads';
import { makeGetPage, makeListPages } from '../../../../src/domain/pages';
import { makeRangeProofs } from '../../../../src/domain/proof';
import type { Job } from '../../../../src/jobs';
import { ageDecrypt, ageUnlock } from '../../../../src/kernel/crypto/age';
import { randomIds } from '../../../../src/kernel/ids';
import { archiveFiles } from '../../../../src/platform/archives/archive-files';
import { message, newPsid, type TestPage } from '../inbox/inbox-world';
import { openProofWorld } from '../proof/proof-world';

export const PASSPHRASE = 'correct horse battery staple';
/** Of a guess; enough for a test. */
const CHEAP = 10;

export type BackupWorld = Awaited<ReturnType<typeof openBackupWorld>>;

/** An account with a Page and a log, and all that makes and opens its archives. */
export async function openBackupWorld() {
  const world = await openProofWorld();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'assent-backup-'));
  const jobs: Job[] = [];
  const queue = {
    enqueue: (job: Job) => {
      jobs.push(job);
      return Promise.resolve();
    },
  };
  const common = {
    ...world.deps,
    ids: randomIds,
    queue,
    scryptLogN: CHEAP,
    files: archiveFiles(path.join(folder, 'exports')),
    accountKey: (id: string) => accountKey(world.db, world.keyRing, id),
  };
  const ofRange = makeRangeProofs(world.bundleDeps);
  const making: MakeBackupDeps = {
    ...common,
    listPages: makeListPages(common),
    getPage: makeGetPage(common),
    listApiKeys: makeListApiKeys(common),
    listTags: makeListTags(common),
    listBroadcasts: makeListBroadcasts(common),
    getBroadcast: makeGetBroadcast(common),
    accessOfMany: makeAccessOfMany(common),
    proofsOf: (accountId, to) => ofRange({ accountId, page: undefined, from: new Date(0), to, form: 'ndjson' }),
  };
  const createBroadcast = makeCreateBroadcast({
    ...common,
    lookups: undefined,
    rulesAt: undefined,
  } as unknown as Parameters<typeof makeCreateBroadcast>[0]);
  const download = makeDownloadBackup(common);
  const get = makeGetBackup(common);
  return {
    ...world,
    common,
    making,
    jobs,
    folder,
    exports: () => readdirSync(path.join(folder, 'exports')),
    request: (accountId: string, passphrase = PASSPHRASE, uuid = randomIds.uuid()) =>
      makeRequestBackup(common)({ accountId, passphrase, uuid }),
    make: (uuid: string, over: Partial<MakeBackupDeps> = {}) => makeMakeBackup({ ...making, ...over })(uuid),
    get,
    stateOf: async (accountId: string, uuid: string) => (await get(accountId, uuid)).state,
    download: async (accountId: string, uuid: string) => joined((await download(accountId, uuid)).stream),
    startDownload: download,
    requeue: makeRequeueBackups(common),
    expire: makeExpireBackups(common),
    dropFiles: makeDropBackupFiles(common),
    join: (page: TestPage, words = 'hello') => join(world, page, words),
    createBroadcast,
    draft: (page: TestPage, name: string, audience: AudienceInput = { tagsAny: ['regular'] }) =>
      createBroadcast({
        accountId: page.accountId,
        name,
        pageIds: [page.metaPageId],
        message: { text: 'We open on Monday, {{first_name|friend}}', buttons: [] },
        audience,
      }),
    close: async () => {
      rmSync(folder, { recursive: true });
      await world.close();
    },
  };
}

async function join(world: Awaited<ReturnType<typeof openProofWorld>>, page: TestPage, words: string) {
  const psid = newPsid();
  await world.deliver(page, message(page, psid, world.now(), words));
  const { id, uuid } = (await world.leadOf(page, psid))!;
  await world.showNotice(page, id);
  await world.sequence();
  return { psid, id, uuid };
}

export async function joined(parts: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

/** The files of an archive, by path. */
export async function opened(file: Buffer, passphrase = PASSPHRASE): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const fileKey = await ageUnlock(passphrase, inOne(file));
  for await (const { path: name, bytes } of filesOfTar(ageDecrypt(fileKey, inOne(file)))) files.set(name, bytes);
  return files;
}

async function* inOne(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes);
}

/** Every line below a folder of an archive. */
export const linesOf = (files: ReadonlyMap<string, Buffer>, folder: string): Record<string, unknown>[] =>
  [...files]
    .filter(([name]) => name.startsWith(`${folder}/`))
    .flatMap(([, bytes]) => bytes.toString().split('\n').slice(0, -1))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
