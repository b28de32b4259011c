import { openOwner, type ApiKeyList, type ListApiKeysInput } from '../accounts';
import type { AccessOfLead } from '../access';
import type { BroadcastList, BroadcastView, ListBroadcastsInput, OwnBroadcast } from '../broadcasts';
import { batchesOf } from '../../kernel/batches';
import { UserError } from '../../kernel/errors';
import type { ListPagesInput, PageDetail, PageList } from '../pages';
import type { Database, RowId } from '../sql.types';
import type { ArchiveFile } from './backup.types';
import { lineOf, linesInParts, MOST_LINE_BYTES, streamInParts } from './parts.rules';
import { broadcastOf, factsOf, manifestOf, readmeText, settingsOf, type Counts, type FileFacts } from './written';

const BATCH = 100;
/** Each costs some ten statements in one transaction. */
const BATCH_LEADS = 50;

/** What an archive is made of, from the slices that own it. */
export interface ContentDeps {
  readonly db: Database;
  readonly logOrigin: string;
  readonly accountKey: (accountId: RowId) => Promise<Buffer>;
  readonly listPages: (input: ListPagesInput) => Promise<PageList>;
  readonly getPage: (accountId: RowId, ref: string) => Promise<PageDetail>;
  readonly listApiKeys: (input: ListApiKeysInput) => Promise<ApiKeyList>;
  readonly listTags: (
    accountId: RowId,
    after: RowId | null,
    limit: number,
  ) => Promise<readonly { readonly id: RowId; readonly name: string }[]>;
  readonly listBroadcasts: (input: ListBroadcastsInput) => Promise<BroadcastList>;
  readonly getBroadcast: (input: OwnBroadcast) => Promise<BroadcastView>;
  readonly accessOfMany: (accountId: RowId, after: RowId | null, limit: number) => Promise<readonly AccessOfLead[]>;
  /** The proofs of everybody as lines. Throws `proof_not_ready` when nothing was signed yet. */
  readonly proofsOf: (accountId: RowId, to: Date) => Promise<AsyncGenerator<Buffer>>;
}

export interface ContentOrder {
  readonly accountId: RowId;
  readonly madeAt: Date;
  /** Hears of every batch of people that was written, and of every file. May throw to end it. */
  readonly onProgress: (leads: number) => Promise<void>;
}

/** Every file of an account's archive in order, the manifest last; holds one file at a time. */
export async function* filesOf(deps: ContentDeps, order: ContentOrder): AsyncGenerator<ArchiveFile> {
  const { accountId, madeAt } = order;
  const counts: Counts = { pages: 0, tags: 0, broadcasts: 0, leads: 0, too_large: 0 };
  const owner = await openOwner(deps.db, accountId, await deps.accountKey(accountId));
  const proofs = await proofsOrNone(deps, accountId, madeAt);
  const files: FileFacts[] = [];
  for await (const file of partsOf(deps, order, counts, proofs)) {
    files.push(factsOf(file));
    yield file;
    await order.onProgress(counts.leads);
  }
  const proofsTo = proofs === null ? null : madeAt;
  yield json(
    'manifest.json',
    manifestOf({ log: deps.logOrigin, account: owner.uuid, madeAt, counts, proofsTo, files }),
  );
}

async function* partsOf(
  deps: ContentDeps,
  order: ContentOrder,
  counts: Counts,
  proofs: AsyncGenerator<Buffer> | null,
): AsyncGenerator<ArchiveFile> {
  const { accountId } = order;
  yield { path: 'README.txt', bytes: Buffer.from(readmeText(deps.logOrigin)) };
  yield await settingsFile(deps, accountId, counts);
  yield* linesInParts('content/tags', tagLines(deps, accountId, counts));
  yield* linesInParts('content/broadcasts', broadcastLines(deps, accountId, counts));
  yield* linesInParts('leads', leadLines(deps, order, counts));
  if (proofs !== null) yield* streamInParts('proofs', 'ndjson', proofs);
}

const json = (path: string, value: unknown): ArchiveFile => ({
  path,
  bytes: Buffer.from(`${JSON.stringify(value, null, 2)}\n`),
});

async function proofsOrNone(
  { proofsOf }: ContentDeps,
  accountId: RowId,
  to: Date,
): Promise<AsyncGenerator<Buffer> | null> {
  try {
    return await proofsOf(accountId, to);
  } catch (error) {
    if (error instanceof UserError && error.code === 'proof_not_ready') return null;
    throw error;
  }
}

/** Of these there are few: they are held in memory. */
async function settingsFile(deps: ContentDeps, accountId: RowId, counts: Counts): Promise<ArchiveFile> {
  const pages: PageDetail[] = [];
  for await (const page of everyOf((after) => deps.listPages({ accountId, limit: BATCH, after })))
    pages.push(await deps.getPage(accountId, page.uuid));
  const apiKeys = await allOf(everyOf((after) => deps.listApiKeys({ accountId, limit: BATCH, after })));
  const owner = await openOwner(deps.db, accountId, await deps.accountKey(accountId));
  counts.pages = pages.length;
  return json('settings.json', settingsOf({ owner, pages, apiKeys }));
}

interface Part<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

async function* everyOf<Item>(read: (after: string | null) => Promise<Part<Item>>): AsyncGenerator<Item> {
  for (let after: string | null = null, isFirst = true; isFirst || after !== null; isFirst = false) {
    const part: Part<Item> = await read(after);
    yield* part.items;
    after = part.next;
  }
}

async function allOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function* tagLines(deps: ContentDeps, accountId: RowId, counts: Counts): AsyncGenerator<Buffer> {
  type Tag = Awaited<ReturnType<ContentDeps['listTags']>>[number];
  const batches = batchesOf<Tag>((last) => deps.listTags(accountId, last?.id ?? null, BATCH));
  for await (const tags of batches) {
    counts.tags += tags.length;
    for (const { name } of tags) yield lineOf({ name });
  }
}

async function* broadcastLines(deps: ContentDeps, accountId: RowId, counts: Counts): AsyncGenerator<Buffer> {
  for await (const { uuid } of everyOf((after) => deps.listBroadcasts({ accountId, limit: BATCH, after }))) {
    const broadcast = await orGone(() => deps.getBroadcast({ accountId, broadcastUuid: uuid }));
    if (broadcast === null) continue;
    counts.broadcasts += 1;
    yield lineOf(broadcastOf(broadcast));
  }
}

/** A draft may be deleted while the archive is made. */
async function orGone<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof UserError && error.code === 'broadcast_not_found') return null;
    throw error;
  }
}

async function* leadLines(
  deps: ContentDeps,
  { accountId, onProgress }: ContentOrder,
  counts: Counts,
): AsyncGenerator<Buffer> {
  const batches = batchesOf<AccessOfLead>((last) => deps.accessOfMany(accountId, last?.leadId ?? null, BATCH_LEADS));
  for await (const people of batches) {
    for (const { answer } of people) {
      if (answer === null) continue;
      const line = lineOf(answer);
      if (line.length > MOST_LINE_BYTES) {
        counts.too_large += 1;
        continue;
      }
      counts.leads += 1;
      yield line;
    }
    await onProgress(counts.leads);
  }
}
