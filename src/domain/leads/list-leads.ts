import { openField, sealField } from '../../kernel/crypto/field-cipher';
import type { KeyRing } from '../keyring.types';
import type { ShownLeadStatus } from '../lead-status.types';
import type { RowId } from '../sql.types';
import { placePerson } from './find-lead';
import { findLeadIdByIndex } from './lead.store';
import { selectLeads, selectOwnLead, selectOwnLeadById, selectOwnPages, type LeadListRow } from './lead-list.store';
import { leadTransaction } from './lead-transaction';
import { invalidLeadInput, leadNotFound } from './leads.errors';
import { normaliseTag } from './tag.rules';
import { findTagIds, tagNames, type TagDeps } from './tags';

const MAX_LIMIT = 200;

/** A lead as its account may see it. The page-scoped id is not part of it. */
export interface LeadView {
  readonly uuid: string;
  readonly pageUuid: string;
  readonly metaPageId: string;
  readonly status: ShownLeadStatus;
  readonly tags: readonly string[];
  readonly optedInAt: Date | null;
  readonly withdrawnAt: Date | null;
  readonly lastInboundAt: Date | null;
  readonly noticeShownAt: Date | null;
  readonly unreachableAt: Date | null;
  readonly createdAt: Date;
}

export interface ListLeadsInput {
  readonly accountId: RowId;
  /** Meta's id or ours. */
  readonly page?: string | undefined;
  readonly status?: ShownLeadStatus | 'unreachable' | undefined;
  readonly tag?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

export interface LeadPageOfList {
  readonly leads: readonly LeadView[];
  readonly nextCursor: string | null;
}

const cursorPlace = (accountId: RowId) => ({ table: 'lead', column: 'cursor', row: accountId });

/** A cursor is sealed: row ids are counted over all accounts, and would tell one how many leads the others have. */
function openCursor(key: Buffer, accountId: RowId, cursor: string): RowId {
  try {
    return openField(key, cursorPlace(accountId), Buffer.from(cursor, 'base64url')).toString('utf8');
  } catch {
    throw invalidLeadInput([{ pointer: 'cursor', detail: 'this cursor is not from this list' }]);
  }
}

async function toViews(deps: TagDeps, accountId: RowId, rows: readonly LeadListRow[]): Promise<LeadView[]> {
  const names = await tagNames(
    deps.db,
    deps,
    accountId,
    rows.flatMap((row) => row.tagIds),
  );
  return rows.map(({ id: _id, tagIds, ...view }) => ({
    ...view,
    tags: tagIds.flatMap((tagId) => names.get(tagId) ?? []).sort(),
  }));
}

/**
 * Leads of an account, newest first.
 *
 * @throws {UserError} `validation_failed` for a cursor or limit that cannot be
 */
export const makeListLeads =
  (deps: TagDeps) =>
  async (input: ListLeadsInput): Promise<LeadPageOfList> => {
    const { accountId, limit } = input;
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
      throw invalidLeadInput([{ pointer: 'limit', detail: `between 1 and ${MAX_LIMIT}` }]);
    }
    const key = await deps.accountKey(accountId);
    const before = input.cursor === undefined ? null : openCursor(key, accountId, input.cursor);
    const tagId = input.tag === undefined ? null : await tagIdOf(deps, accountId, input.tag);
    if (tagId === undefined) return { leads: [], nextCursor: null };
    const rows = await selectLeads(deps.db, {
      accountId,
      page: input.page ?? null,
      status: input.status ?? null,
      tagId,
      before,
      limit: limit + 1,
    });
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1) : undefined;
    return {
      leads: await toViews(deps, accountId, shown),
      nextCursor: last === undefined ? null : sealField(key, cursorPlace(accountId), last.id).toString('base64url'),
    };
  };

async function tagIdOf(deps: TagDeps, accountId: RowId, tag: string): Promise<RowId | undefined> {
  return (await findTagIds(deps.db, deps, accountId, [tag])).get(normaliseTag(tag));
}

/** @throws {UserError} `lead_not_found`, also for a lead of another account */
export const makeGetLead =
  (deps: TagDeps) =>
  async ({ accountId, leadUuid }: { readonly accountId: RowId; readonly leadUuid: string }): Promise<LeadView> => {
    const row = await selectOwnLead(deps.db, accountId, leadUuid);
    if (row === undefined) throw leadNotFound();
    const [view] = await toViews(deps, accountId, [row]);
    if (view === undefined) throw leadNotFound();
    return view;
  };

export interface LookupLeadDeps extends TagDeps {
  readonly keyRing: KeyRing;
}

export interface LookupLeadInput {
  readonly accountId: RowId;
  readonly page: string;
  readonly psid: string;
}

/** The lead of a page-scoped id. @throws {UserError} `lead_not_found`, also for a Page of another account */
export const makeLookupLead =
  (deps: LookupLeadDeps) =>
  async ({ accountId, page, psid }: LookupLeadInput): Promise<LeadView> => {
    const leadId = await leadTransaction(deps, async (tx) => {
      for (const own of await selectOwnPages(tx, accountId, page)) {
        const { bucket, psidIndex } = await placePerson(tx, deps, { ...own, accountId }, psid);
        const found = await findLeadIdByIndex(tx, own.id, bucket, psidIndex);
        if (found !== undefined) return found;
      }
      return null;
    });
    const row = leadId === null ? undefined : await selectOwnLeadById(deps.db, accountId, leadId);
    if (row === undefined) throw leadNotFound();
    const [view] = await toViews(deps, accountId, [row]);
    if (view === undefined) throw leadNotFound();
    return view;
  };
