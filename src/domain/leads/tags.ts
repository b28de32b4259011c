import { createHmac } from 'node:crypto';
import { openField, sealField } from '../../kernel/crypto/field-cipher';
import type { Database, RowId, Sql, Tx } from '../sql.types';
import { invalidLeadInput, leadNotFound } from './leads.errors';
import { MAX_LEADS_PER_TAGGING, MAX_TAGS_PER_LEAD, normaliseTag, tagFaults } from './tag.rules';
import {
  changeTags,
  findTags,
  insertTags,
  listTags,
  lockOwnLeads,
  readTags,
  replaceTags,
  type TagRow,
} from './tag.store';

export interface TagDeps {
  readonly db: Database;
  /** The key under which the account's own names are sealed. */
  readonly accountKey: (accountId: RowId) => Promise<Buffer>;
}

const place = (nameIndex: Buffer) => ({ table: 'tag', column: 'name_ct', row: nameIndex.toString('hex') });

const tagIndex = (key: Buffer, name: string): Buffer =>
  createHmac('sha256', key).update(`assent/tag/v1|${name}`).digest().subarray(0, 16);

const distinct = (names: readonly string[]): string[] => [...new Set(names.map(normaliseTag))];

/** Ids of the tags that exist, by name; for audiences. A name nobody used yet is left out. */
export async function findTagIds(
  sql: Sql,
  deps: TagDeps,
  accountId: RowId,
  names: readonly string[],
): Promise<Map<string, RowId>> {
  const key = await deps.accountKey(accountId);
  const indexes = new Map(distinct(names).map((name) => [tagIndex(key, name).toString('hex'), name]));
  const rows = await findTags(
    sql,
    accountId,
    [...indexes.keys()].map((hex) => Buffer.from(hex, 'hex')),
  );
  return new Map(rows.map((row) => [indexes.get(row.nameIndex.toString('hex')) ?? '', row.id]));
}

/** Names of tags by id, for showing. */
export async function tagNames(
  sql: Sql,
  deps: TagDeps,
  accountId: RowId,
  ids: readonly RowId[],
): Promise<Map<RowId, string>> {
  if (ids.length === 0) return new Map();
  const key = await deps.accountKey(accountId);
  const rows = await readTags(sql, accountId, [...new Set(ids)]);
  return new Map(
    rows.map((row: TagRow) => [row.id, openField(key, place(row.nameIndex), row.nameCt).toString('utf8')]),
  );
}

/**
 * Names of all tags of an account, some at a time.
 *
 * @param after the last one of the part before; null for the first
 */
export const makeListTags =
  ({ db, accountKey }: TagDeps) =>
  async (
    accountId: RowId,
    after: RowId | null,
    limit: number,
  ): Promise<{ readonly id: RowId; readonly name: string }[]> => {
    const key = await accountKey(accountId);
    const rows = await listTags(db, accountId, after ?? '0', limit);
    return rows.map(({ id, nameIndex, nameCt }) => ({
      id,
      name: openField(key, place(nameIndex), nameCt).toString('utf8'),
    }));
  };

/** Makes tags that nobody carries yet. Names that no tag may have are left out. @returns how many there were not before */
export const makeAddTags =
  (deps: TagDeps) =>
  (accountId: RowId, names: readonly string[]): Promise<number> =>
    deps.db.transaction(async (tx) => {
      const fit = distinct(names.filter((name) => tagFaults('', [name]).length === 0));
      const known = await findTagIds(tx, deps, accountId, fit);
      await ensureTagIds(tx, deps, accountId, fit);
      return fit.length - known.size;
    });

async function ensureTagIds(tx: Tx, deps: TagDeps, accountId: RowId, names: readonly string[]): Promise<RowId[]> {
  if (names.length === 0) return [];
  const key = await deps.accountKey(accountId);
  const tags = distinct(names).map((name) => {
    const nameIndex = tagIndex(key, name);
    return { nameIndex, nameCt: sealField(key, place(nameIndex), Buffer.from(name)) };
  });
  await insertTags(tx, accountId, tags);
  const rows = await findTags(
    tx,
    accountId,
    tags.map((tag) => tag.nameIndex),
  );
  return rows.map((row) => row.id).sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
}

export interface SetTagsInput {
  readonly accountId: RowId;
  readonly leadUuid: string;
  readonly tags: readonly string[];
}

/**
 * Gives a lead exactly these tags.
 *
 * @throws {UserError} `lead_not_found`, also for a lead of another account; `validation_failed`
 */
export const makeSetTags =
  (deps: TagDeps) =>
  async ({ accountId, leadUuid, tags }: SetTagsInput): Promise<void> => {
    const faults = tagFaults('/tags', tags);
    if (faults.length > 0) throw invalidLeadInput(faults);
    await deps.db.transaction(async (tx) => {
      const [leadId] = await lockOwnLeads(tx, accountId, [leadUuid]);
      if (leadId === undefined) throw leadNotFound();
      await replaceTags(tx, leadId, await ensureTagIds(tx, deps, accountId, tags));
    });
  };

export interface TagLeadsInput {
  readonly accountId: RowId;
  readonly leadUuids: readonly string[];
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

export interface TagLeadsResult {
  readonly changed: number;
  readonly notFound: number;
  /** Found, but would have had too many tags; left as they were. */
  readonly refused: number;
}

/**
 * Adds and removes tags of up to 1,000 leads at once. Leads of other accounts count as not found.
 *
 * @throws {UserError} `validation_failed`
 */
export const makeTagLeads =
  (deps: TagDeps) =>
  async ({ accountId, leadUuids, add, remove }: TagLeadsInput): Promise<TagLeadsResult> => {
    const faults = [...tagFaults('/add', add), ...tagFaults('/remove', remove)];
    if (leadUuids.length > MAX_LEADS_PER_TAGGING) {
      faults.push({ pointer: '/lead_ids', detail: `at most ${MAX_LEADS_PER_TAGGING} leads at once` });
    }
    if (faults.length > 0) throw invalidLeadInput(faults);
    const wanted = [...new Set(leadUuids)];
    return deps.db.transaction(async (tx) => {
      const leadIds = await lockOwnLeads(tx, accountId, wanted);
      const removed = await findTagIds(tx, deps, accountId, remove);
      const added = await ensureTagIds(tx, deps, accountId, add);
      const changed = await changeTags(tx, leadIds, added, [...removed.values()], MAX_TAGS_PER_LEAD);
      return { changed, notFound: wanted.length - leadIds.length, refused: leadIds.length - changed };
    });
  };
