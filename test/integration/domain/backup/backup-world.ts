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
  makeImportBackup,
  makeMakeBackup,
  makeRequestBackup,
  makeRequeueBackups,
  type ImportBackupDeps,
  type MakeBackupDeps,
} from '../../../../src/domain/backup';
import type { ArchiveFile } from '../../../../src/domain/backup/backup.types';
import { filesOfTar, tarOf } from '../../../../src/domain/backup/tar';
import { factsOf } from '../../../../src/domain/backup/written';
import {
  makeCreateBroadcast,
  makeGetBroadcast,
  makeListBroadcasts,
  type AudienceInput,
  type BroadcastInput,
} from '../../../../src/domain/broadcasts';
import { makeAddTags, makeListTags } from '../../../../src/domain/leads';
import { makeGetPage, makeListPages } from '../../../../src/domain/pages';
import { makeRangeProofs } from '../../../../src/domain/proof';
import { makeReturnPeople } from '../../../../src/domain/returns';
import { createBroadcastBody, toNewBroadcast } from '../../../../src/http/broadcast.schemas';
import { toSettings, updatePageBody } from '../../../../src/http/page.schemas';
import type { Job } from '../../../../src/jobs';
import { ageDecrypt, ageEncrypt, ageHead, ageUnlock } from '../../../../src/kernel/crypto/age';
import { randomIds } from '../../../../src/kernel/ids';
import { archiveFiles } from '../../../../src/platform/archives/archive-files';
import { spoolIn } from '../../../../src/platform/archives/spool';
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

const readBroadcast = (body: unknown): BroadcastInput | null => {
  const parsed = createBroadcastBody.safeParse(body);
  return parsed.success ? toNewBroadcast(parsed.data) : null;
};

const importing = (world: BackupWorld): ImportBackupDeps => ({
  ...world.common,
  spool: spoolIn(`${world.folder}/uploads`),
  returnPeople: makeReturnPeople(world.deps),
  updatePage: () => Promise.resolve(),
  addTags: makeAddTags(world.common),
  createBroadcast: (input) => world.createBroadcast(input),
  readBroadcast,
  readSettings: (body) => {
    const parsed = updatePageBody.safeParse(body);
    return parsed.success ? toSettings(parsed.data) : null;
  },
});

async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 10_000) yield await Promise.resolve(bytes.subarray(at, at + 10_000));
}

/** Uploads an archive to the account of a Page. */
export async function importInto(
  world: BackupWorld,
  { accountId }: TestPage,
  archive: Buffer,
  { passphrase = PASSPHRASE, over = {} }: { passphrase?: string; over?: Partial<ImportBackupDeps> } = {},
) {
  const account = await world.db.first<{ uuid: string }>('select public_id as uuid from account where id = $1', [
    accountId,
  ]);
  const upload = inPieces(archive);
  return makeImportBackup({ ...importing(world), ...over })({
    accountId,
    accountUuid: account!.uuid,
    passphrase,
    upload,
  });
}

/** The archive with other files, as somebody who knows the passphrase can write it. */
export async function rewritten(
  world: BackupWorld,
  archive: Buffer,
  change: (files: Map<string, Buffer>) => void,
  fixManifest = true,
): Promise<Buffer> {
  const files = await opened(archive);
  const manifest = JSON.parse(files.get('manifest.json')!.toString()) as Record<string, unknown>;
  files.delete('manifest.json');
  change(files);
  const all = [...files].map(([path, bytes]): ArchiveFile => ({ path, bytes }));
  if (fixManifest) manifest['files'] = all.map(factsOf);
  all.push({ path: 'manifest.json', bytes: Buffer.from(JSON.stringify(manifest)) });
  const source = async function* (): AsyncGenerator<ArchiveFile> {
    for (const file of all) yield await Promise.resolve(file);
  };
  return joined(ageEncrypt(await ageHead(PASSPHRASE, CHEAP), tarOf(source(), world.now())));
}
