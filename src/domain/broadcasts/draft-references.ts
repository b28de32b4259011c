import type { FieldError } from '../../kernel/errors';
import type { RowId, Sql } from '../sql.types';
import { findOwnLeads, isOwnBroadcast } from './audience.store';
import type { AudienceInput } from './broadcast.types';
import { invalidBroadcast } from './broadcasts.errors';

interface ReferencedPage {
  readonly id: RowId;
  readonly uuid: string;
  readonly metaPageId: string;
  readonly state: 'active' | 'stopped' | 'disconnected';
}

/**
 * The account's Pages by Meta's ids or ours, each once, in the order of their rows.
 *
 * @throws {UserError} `broadcast_invalid` for one that is not the account's or is disconnected
 */
export async function requirePages(sql: Sql, accountId: RowId, refs: readonly string[]): Promise<ReferencedPage[]> {
  const rows = await sql.rows<ReferencedPage>(
    `select id, public_id as uuid, meta_page_id as "metaPageId", state from page
      where account_id = $1 and (meta_page_id = any($2::text[]) or public_id::text = any($2::text[]))
      order by state = 'disconnected', id desc`,
    [accountId, refs.map((ref) => ref.toLowerCase())],
  );
  const faults: FieldError[] = [];
  const pages = new Map<RowId, ReferencedPage>();
  refs.forEach((ref, place) => {
    const page = rows.find((row) => row.metaPageId === ref || row.uuid === ref.toLowerCase());
    if (page === undefined) faults.push({ pointer: `/page_ids/${place}`, detail: 'is no Page of this account' });
    else if (page.state === 'disconnected') faults.push({ pointer: `/page_ids/${place}`, detail: 'is disconnected' });
    else pages.set(page.id, page);
  });
  if (faults.length > 0) throw invalidBroadcast(faults);
  return [...pages.values()].sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
}

/**
 * The rows of what a filter names by public id. Nothing of another account is found.
 *
 * @returns the named leads; null when the filter names none
 * @throws {UserError} `broadcast_invalid`
 */
export async function requireAudienceReferences(
  sql: Sql,
  accountId: RowId,
  pageIds: readonly RowId[],
  audience: AudienceInput,
): Promise<readonly RowId[] | null> {
  const other = audience.notInBroadcast;
  if (other !== undefined && !(await isOwnBroadcast(sql, accountId, other))) {
    throw invalidBroadcast([{ pointer: '/audience/not_in_broadcast', detail: 'is no broadcast of this account' }]);
  }
  if (audience.leadIds === undefined) return null;
  return requireLeads(sql, { accountId, pageIds }, audience.leadIds, '/audience/lead_ids');
}

/** @throws {UserError} `broadcast_invalid` naming every lead that is not on these Pages of the account */
export async function requireLeads(
  sql: Sql,
  owner: { readonly accountId: RowId; readonly pageIds: readonly RowId[] },
  leadUuids: readonly string[],
  pointer: string,
): Promise<RowId[]> {
  const found = await findOwnLeads(sql, owner.accountId, owner.pageIds, leadUuids);
  const ids = leadUuids.map((uuid) => found.get(uuid.toLowerCase()));
  const faults = ids.flatMap((id, place) =>
    id === undefined ? [{ pointer: `${pointer}/${place}`, detail: 'is no lead of the Pages of this broadcast' }] : [],
  );
  if (faults.length > 0) throw invalidBroadcast(faults);
  return [...new Set(ids.filter((id) => id !== undefined))];
}
