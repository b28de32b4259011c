import type { ShownLeadStatus } from '../lead-status.types';
import {
  leadNotFound,
  leadTransaction,
  lockLeadAt,
  lockLeadRow,
  openLead,
  placePerson,
  askedTokenSha256,
  type LeadPage,
} from '../leads';
import { DEFAULT_LANGUAGE } from '../consent';
import { noticeInForce } from '../pages';
import type { Database, RowId, Sql, Tx } from '../sql.types';
import { findLeadById, findLeadByWebToken, findOwnLead, type FoundLead } from './unsubscribe.store';
import type { CarryOutDeps, UnsubscribePage } from './unsubscribe.types';
import { withdraw, type Withdrawn, type WithdrawInput } from './withdraw';

export interface UnsubscribeDeps extends CarryOutDeps {
  readonly db: Database;
}

async function withdrawFound(
  tx: Tx,
  deps: UnsubscribeDeps,
  found: FoundLead | undefined,
  via: WithdrawInput['via'],
): Promise<Withdrawn> {
  const row = found === undefined ? undefined : await lockLeadRow(tx, found.leadId);
  if (found === undefined || row === undefined || row.status === 'erasing') throw leadNotFound();
  return withdraw(tx, deps, openLead(deps.keyRing, found.page, row), { page: found.page, via });
}

export interface UnsubscribeLeadInput {
  readonly accountId: RowId;
  readonly leadUuid: string;
  readonly via: 'api' | 'admin';
}

/**
 * Unsubscribes a lead on the account's word.
 *
 * @returns whether the lead was not unsubscribed already
 * @throws {UserError} `lead_not_found`, also for a lead of another account
 */
export const makeUnsubscribeLead =
  (deps: UnsubscribeDeps) =>
  ({ accountId, leadUuid, via }: UnsubscribeLeadInput): Promise<{ readonly changed: boolean }> =>
    leadTransaction(deps, async (tx) => {
      const { changed } = await withdrawFound(tx, deps, await findOwnLead(tx, accountId, leadUuid), via);
      return { changed };
    });

/** Ends all bulk to a lead: of whom Meta says that they opted out or blocked the Page, or of whom is known that they left. A lead that is gone is none. */
export const makeWithdrawLead =
  (deps: UnsubscribeDeps) =>
  (leadId: RowId, via: 'bounce' | 'admin'): Promise<void> =>
    leadTransaction(deps, async (tx) => {
      const found = await findLeadById(tx, leadId);
      if (found !== undefined) await withdrawFound(tx, deps, found, via);
    });

/** What the person's own unsubscribe page shows. */
export interface WebPageState {
  readonly pageName: string;
  readonly status: ShownLeadStatus;
  /** The welcome wording in force. */
  readonly notice: string | null;
}

/** Looks, and changes nothing: link checkers and previews open addresses by themselves. Null for an unknown token. */
export const makeShowWebPage =
  ({ db }: Pick<UnsubscribeDeps, 'db'>) =>
  async (token: string): Promise<WebPageState | null> => {
    const tokenSha256 = askedTokenSha256(token);
    const found = tokenSha256 === null ? undefined : await findLeadByWebToken(db, tokenSha256);
    if (found === undefined) return null;
    const lead = await db.first<{ status: ShownLeadStatus }>(`select status from lead where id = $1`, [found.leadId]);
    return lead === undefined ? null : stateOf(db, found, lead.status);
  };

const stateOf = async (sql: Sql, { page }: FoundLead, status: ShownLeadStatus): Promise<WebPageState> => ({
  pageName: page.name,
  status,
  notice: (await noticeInForce(sql, page.id, DEFAULT_LANGUAGE))?.body ?? null,
});

/** The button of that page. Null for an unknown token; repeating it has no second effect. */
export const makeUnsubscribeByWeb =
  (deps: UnsubscribeDeps) =>
  async (token: string): Promise<WebPageState | null> => {
    const tokenSha256 = askedTokenSha256(token);
    if (tokenSha256 === null) return null;
    return leadTransaction(deps, async (tx) => {
      const found = await findLeadByWebToken(tx, tokenSha256);
      if (found === undefined) return null;
      const { status } = (await withdrawFound(tx, deps, found, 'web')).lead.row;
      return status === 'erasing' ? null : stateOf(tx, found, status);
    });
  };

/**
 * Withdraws those of these people who are leads and have not left, each in a transaction of their own; for opt-outs
 * that are brought along. Repeatable.
 *
 * @returns how many were unsubscribed by this call
 */
export const makeWithdrawPeople =
  (deps: UnsubscribeDeps) =>
  async (page: LeadPage & UnsubscribePage, psids: readonly string[]): Promise<number> => {
    let withdrawn = 0;
    for (const psid of psids) {
      const changed = await leadTransaction(deps, async (tx) => {
        const lead = await lockLeadAt(tx, deps, page, await placePerson(tx, deps, page, psid));
        return lead === null || lead.row.status === 'erasing'
          ? false
          : (await withdraw(tx, deps, lead, { page, via: 'api' })).changed;
      });
      if (changed) withdrawn += 1;
    }
    return withdrawn;
  };
