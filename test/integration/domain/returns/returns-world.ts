import { accountKey, makeCreateAccount } from '../../../../src/domain/accounts';
import { skipPendingOfLead, skipRepliesOfLead } from '../../../../src/domain/delivery';
import {
  makeAskAccountErasure,
  makeCarryOutAccountErasures,
  makeCarryOutErasures,
  makeConfirmAccountErasure,
  makeRequestErasure,
} from '../../../../src/domain/erasure';
import { makeListMails, makePost } from '../../../../src/domain/mail';
import type { KeyRingCopy } from '../../../../src/domain/keyring.types';
import { makeAuditLedger, makeLeadBundle, recordsOf, type RecordFiles } from '../../../../src/domain/proof';
import { makeReturnPeople, type ReturnPeopleDeps } from '../../../../src/domain/returns';
import { randomIds } from '../../../../src/kernel/ids';
import { importInto, openBackupWorld, opened, type BackupWorld } from '../backup/backup-world';
import { message, newPsid, postback, type TestPage } from '../inbox/inbox-world';
import type { Subscriber } from '../proof/proof-world';

export const NAME = 'Harbour Coffee';
let accounts = 0;

export type ReturnsWorld = Awaited<ReturnType<typeof openReturnsWorld>>;

/** Accounts that are deleted, and registered anew with the same Page. */
export async function openReturnsWorld() {
  const world = await openBackupWorld();
  const outbox = { ...world.deps, ids: randomIds, sender: null };
  const asking = {
    ...world.deps,
    ids: randomIds,
    accountKey: (id: string) => accountKey(world.db, world.keyRing, id),
    post: makePost(outbox),
    publicUrl: 'https://assent.example',
  };
  const erasing = { ...world.deps, keyRingCopy: null, dropBackupFiles: () => Promise.resolve(0) };
  const carryOut = (keyRingCopy: KeyRingCopy | null): Promise<number> =>
    makeCarryOutAccountErasures({
      ...asking,
      ...erasing,
      keyRingCopy,
      releasePages: () => Promise.resolve({ released: 0, left: 0 }),
    })();

  const newAccount = async (): Promise<string> => {
    accounts += 1;
    const email = `owner${String(accounts)}@harbour.example`;
    return (await makeCreateAccount(world.deps)({ email, name: NAME })).account.id;
  };
  const connect = async (metaPageId?: string, optInMode?: 'explicit'): Promise<TestPage> => {
    const page = await world.newPage({ accountId: await newAccount(), ...(optInMode && { optInMode }) });
    const named = { ...page, metaPageId: metaPageId ?? page.metaPageId };
    await world.db.run('update page set meta_page_id = $2 where id = $1', [page.id, named.metaPageId]);
    await world.logPage(named);
    await world.sequence();
    return named;
  };
  const askDeletion = async ({ accountId }: TestPage): Promise<string> => {
    await makeAskAccountErasure(asking)({ accountId, name: NAME });
    const [mail] = await makeListMails(world.deps)(accountId);
    return /account-deletion\/([A-Za-z0-9_-]{43})\n/.exec(mail!.content!.text)![1]!;
  };
  const confirmDeletion = async (page: TestPage): Promise<void> => {
    await makeConfirmAccountErasure(asking)(await askDeletion(page));
  };
  /** @param keyRingCopy is brought in step when the keys are gone and the rows are not */
  const finishDeletion = async (keyRingCopy: KeyRingCopy | null = null): Promise<void> => {
    await world.sequence();
    await carryOut(keyRingCopy);
    await world.sequence();
  };
  return {
    ...world,
    asking,
    connect,
    /** @returns what its mail holds to say yes with */
    askDeletion,
    confirmDeletion,
    finishDeletion,
    deleteAccount: async (page: TestPage): Promise<void> => {
      await confirmDeletion(page);
      await finishDeletion();
    },
    archiveOf: (page: TestPage) => archiveOf(world, page),
    importInto: (page: TestPage, archive: Buffer, over: Parameters<typeof importInto>[3] = {}) =>
      importInto(world, page, archive, over),
    /** Somebody who wrote, was welcomed and, unless the Page asks for it, agreed thereby. */
    write: async (page: TestPage, psid = newPsid(), words = 'hello'): Promise<Subscriber> => {
      await world.deliver(page, message(page, psid, world.now(), words));
      const { id, uuid, row } = (await world.leadOf(page, psid))!;
      if (row['notice_shown_at'] === null) await world.showNotice(page, id);
      await world.sequence();
      return { psid, id, uuid };
    },
    tap: async (page: TestPage, psid: string, payload: string): Promise<void> => {
      await world.deliver(page, postback(page, psid, world.now(), payload));
      await world.sequence();
    },
    erase: async (page: TestPage, { uuid }: Pick<Subscriber, 'uuid'>, keepsMark = false): Promise<void> => {
      await makeRequestErasure({ ...world.deps, skipPendingOfLead, skipRepliesOfLead })({
        accountId: page.accountId,
        leadUuid: uuid,
        erasureUuid: randomIds.uuid(),
        keepsMark,
      });
      await makeCarryOutErasures(erasing)();
      await world.sequence();
    },
    audit: () => makeAuditLedger({ ...world.deps, checkpointCopy: world.checkpointCopy })(),
    bundleOf: ({ accountId }: TestPage, leadUuid: string) =>
      makeLeadBundle(world.bundleDeps)({ accountId, leadUuid, form: 'json' }),
  };
}

async function archiveOf(world: BackupWorld, { accountId }: TestPage): Promise<Buffer> {
  // The proofs are of what came before.
  world.setNow(new Date(world.now().getTime() + 1_000));
  const { uuid } = await world.request(accountId);
  if ((await world.make(uuid)) !== 'made') throw new Error('no archive was made');
  return world.download(accountId, uuid);
}

/** The proofs in an archive, as one stream. */
export const streamOf = (files: ReadonlyMap<string, Buffer>): Buffer =>
  Buffer.concat([...files].filter(([path]) => path.startsWith('proofs/')).map(([, bytes]) => bytes));

/** People of an archive handed on as they are told, past the signature over all of them. */
export async function returnStraight(
  world: ReturnsWorld,
  into: TestPage,
  archive: Buffer,
  change: (files: Map<string, Buffer>) => Map<string, Buffer> | null = (files) => files,
  { texts, ...over }: Partial<ReturnPeopleDeps> & { texts?: ReadonlyMap<string, string> } = {},
) {
  const stream = streamOf(await opened(archive));
  const wordings = new Map<string, string>();
  for (const [path, base64] of Object.entries(
    (JSON.parse(stream.toString().split('\n')[0]!) as { common: Record<string, string> }).common,
  ))
    if (path.startsWith('notices/')) wordings.set(path.slice(8, 72), Buffer.from(base64, 'base64').toString());
  const records = async function* (): AsyncGenerator<RecordFiles | null> {
    const inOne = async function* () {
      yield await Promise.resolve(stream);
    };
    for await (const record of recordsOf(inOne())) yield record === null ? null : change(new Map(record));
  };
  const heard: number[] = [];
  const counts = await makeReturnPeople({ ...world.deps, ...over })({
    accountId: into.accountId,
    records: records(),
    wordings: texts ?? wordings,
    onProgress: ({ returned }) => Promise.resolve(void heard.push(returned)),
  });
  return { ...counts, heard };
}
