import { recordAudit, type AuditDeps } from '../accounts';
import { findOwnBroadcast, type BroadcastInput } from '../broadcasts';
import { ageUnlock } from '../../kernel/crypto/age';
import { UserError } from '../../kernel/errors';
import type { Log } from '../../kernel/log';
import { ownPage, type Page, type PageSettingsChange } from '../pages';
import type { Database, RowId } from '../sql.types';
import type { ArchiveFile, Spool } from './backup.types';
import { importPeople, type ImportedPeople, type ImportPeopleDeps } from './import-people';
import { checkArchive, filesOfArchive, jsonOrNull, linesOf, type Manifest } from './read-archive';
import {
  NOBODY_YET,
  restoredBroadcast,
  restoredPages,
  restoredTag,
  restoredUuid,
  type RestoredBroadcast,
} from './restored.rules';

/** Of refused broadcasts; the others are counted. */
const MOST_NAMED = 100;
const TAGS_AT_ONCE = 50;

export interface ImportBackupDeps extends AuditDeps, ImportPeopleDeps {
  readonly db: Database;
  readonly log: Log;
  readonly spool: Spool;
  readonly updatePage: (input: {
    readonly accountId: RowId;
    readonly ref: string;
    readonly settings: PageSettingsChange;
  }) => Promise<unknown>;
  readonly addTags: (accountId: RowId, names: readonly string[]) => Promise<number>;
  readonly createBroadcast: (
    input: BroadcastInput & { readonly accountId: RowId; readonly uuid: string },
  ) => Promise<unknown>;
  /** A body as the API takes it; null for what it would refuse. */
  readonly readBroadcast: (body: unknown) => BroadcastInput | null;
  readonly readSettings: (body: unknown) => PageSettingsChange | null;
}

export interface ImportBackupInput {
  readonly accountId: RowId;
  readonly accountUuid: string;
  readonly passphrase: string;
  readonly upload: AsyncIterable<Buffer>;
}

export type RefusedBroadcast = {
  readonly id: string;
  readonly reason: 'page_not_connected' | 'invalid';
};

export interface ImportedBackup {
  readonly account: string;
  readonly log: string;
  readonly madeAt: string;
  readonly pages: { changed: number; unchanged: number; notConnected: number; refused: number };
  readonly tags: { added: number };
  readonly broadcasts: { added: number; already: number; withoutAudience: number; refused: number };
  /** The first of those that were refused. */
  readonly refusedBroadcasts: RefusedBroadcast[];
  readonly leads: ImportedPeople;
}

/**
 * Brings back what an archive holds of settings and content, as drafts, and those people whose proofs this log vouches for. Repeated it has no
 * further effect; cut off, it goes on when it is repeated. Nothing is changed before the whole archive was found whole.
 *
 * @throws {UserError} `passphrase_wrong`, `archive_unreadable`
 */
export const makeImportBackup =
  (deps: ImportBackupDeps) =>
  async ({ accountId, accountUuid, passphrase, upload }: ImportBackupInput): Promise<ImportedBackup> => {
    const archive = await deps.spool(upload);
    try {
      const fileKey = await ageUnlock(passphrase, archive.read());
      const manifest = await checkArchive(fileKey, archive);
      const files = () => filesOfArchive(fileKey, archive);
      const content = emptyResult(manifest);
      await bringBack(deps, { accountId, accountUuid, result: content }, files());
      const leads = await importPeople(deps, { accountId, inArchive: manifest.counts.leads, files });
      const detail = { broadcasts: content.broadcasts.added, tags: content.tags.added, people: leads.returned };
      await deps.db.transaction((tx) => recordAudit(tx, deps, { accountId, kind: 'backup.imported', detail }));
      deps.log.event('backup.imported', { count: leads.returned });
      return { ...content, leads };
    } finally {
      await archive.close();
    }
  };

type ImportedContent = Omit<ImportedBackup, 'leads'>;

const emptyResult = (manifest: Manifest): ImportedContent => ({
  account: manifest.account,
  log: manifest.log,
  madeAt: manifest.made_at,
  pages: { changed: 0, unchanged: 0, notConnected: 0, refused: 0 },
  tags: { added: 0 },
  broadcasts: { added: 0, already: 0, withoutAudience: 0, refused: 0 },
  refusedBroadcasts: [],
});

interface Import {
  readonly accountId: RowId;
  readonly accountUuid: string;
  readonly result: ImportedContent;
}

async function bringBack(deps: ImportBackupDeps, into: Import, files: AsyncGenerator<ArchiveFile>): Promise<void> {
  for await (const file of files) {
    // People and proofs come after the content.
    if (file.path.startsWith('leads/') || file.path.startsWith('proofs/')) return;
    if (file.path === 'settings.json') await bringPages(deps, into, file);
    if (file.path.startsWith('content/tags/')) await bringTags(deps, into, file);
    if (file.path.startsWith('content/broadcasts/'))
      for (const line of linesOf(file)) await bringBroadcast(deps, into, restoredBroadcast(line, deps.clock.now()));
  }
}

async function bringPages(
  deps: ImportBackupDeps,
  { accountId, result }: Import,
  { bytes }: ArchiveFile,
): Promise<void> {
  for (const { metaPageId, settings } of restoredPages(jsonOrNull(bytes))) {
    const page = await connectedPage(deps, accountId, metaPageId);
    const change = deps.readSettings(settings);
    if (page === null) result.pages.notConnected += 1;
    else if (change === null) result.pages.refused += 1;
    else if (isAsItWas(page, change)) result.pages.unchanged += 1;
    else if (await orRefused(() => deps.updatePage({ accountId, ref: page.uuid, settings: change })))
      result.pages.changed += 1;
    else result.pages.refused += 1;
  }
}

const isAsItWas = (page: Page, change: PageSettingsChange): boolean =>
  (['timeZone', 'ratePerSecond', 'optInMode', 'basis', 'addressesEea'] as const).every(
    (field) => change[field] === undefined || change[field] === page[field],
  );

async function connectedPage({ db }: ImportBackupDeps, accountId: RowId, metaPageId: string): Promise<Page | null> {
  try {
    const page = await ownPage(db, accountId, metaPageId);
    return page.state === 'disconnected' ? null : page;
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** @returns false when the change is refused; faults of others go on */
async function orRefused(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

async function bringTags(deps: ImportBackupDeps, { accountId, result }: Import, file: ArchiveFile): Promise<void> {
  const names = linesOf(file).flatMap((line) => restoredTag(line) ?? []);
  for (let at = 0; at < names.length; at += TAGS_AT_ONCE)
    result.tags.added += await deps.addTags(accountId, names.slice(at, at + TAGS_AT_ONCE));
}

async function bringBroadcast(deps: ImportBackupDeps, into: Import, restored: RestoredBroadcast | null): Promise<void> {
  const { accountId, accountUuid, result } = into;
  if (restored === null) {
    result.broadcasts.refused += 1;
    return;
  }
  const uuid = restoredUuid(accountUuid, restored.originalUuid);
  if ((await ownOf(deps, into, restored.originalUuid)) !== null) {
    result.broadcasts.already += 1;
    return;
  }
  for (const id of restored.pageIds)
    if ((await connectedPage(deps, accountId, id)) === null) {
      refuse(result, restored, 'page_not_connected');
      return;
    }
  const { body, hasAudience } = await withAudience(deps, into, restored);
  const input = deps.readBroadcast(body);
  if (input === null || !(await orRefused(() => deps.createBroadcast({ ...input, accountId, uuid })))) {
    refuse(result, restored, 'invalid');
    return;
  }
  result.broadcasts.added += 1;
  if (!hasAudience) result.broadcasts.withoutAudience += 1;
}

function refuse(
  result: ImportedContent,
  { originalUuid: id }: RestoredBroadcast,
  reason: RefusedBroadcast['reason'],
): void {
  result.broadcasts.refused += 1;
  if (result.refusedBroadcasts.length < MOST_NAMED) result.refusedBroadcasts.push({ id, reason });
}

/** The broadcast of the account that an id of the archive means: the original, or what came back of it. */
async function ownOf({ db }: ImportBackupDeps, { accountId, accountUuid }: Import, id: string): Promise<string | null> {
  for (const uuid of [id, restoredUuid(accountUuid, id)])
    if ((await findOwnBroadcast(db, accountId, uuid)) !== undefined) return uuid;
  return null;
}

/** Who was left out by a broadcast that is not here would be written to after all: then the draft is for nobody yet. */
async function withAudience(
  deps: ImportBackupDeps,
  into: Import,
  { body, notIn, namesPeople }: RestoredBroadcast,
): Promise<{ readonly body: unknown; readonly hasAudience: boolean }> {
  if (notIn === null) return { body, hasAudience: !namesPeople };
  const own = await ownOf(deps, into, notIn);
  const audience =
    own === null ? { ...body.audience, tags_all: [NOBODY_YET] } : { ...body.audience, not_in_broadcast: own };
  return { body: { ...body, audience }, hasAudience: own !== null && !namesPeople };
}
