import { RETENTION } from '../../../config/retention';
import {
  countReminder,
  deleteSubscriptionEnd,
  findSubscriptionEnd,
  insertSubscriptionEnd,
  isDeletionConfirmed,
  lockAccount,
  openOwner,
  readDueEnds,
  recordAudit,
  type DueEnd,
  type SubscriptionEnd,
} from '../accounts';
import { blockBroadcastsOfPage, reopenBroadcastsOfPage } from '../broadcasts';
import type { Log } from '../../kernel/log';
import { oneByOne } from '../../kernel/one-by-one';
import { inRounds } from '../../kernel/rounds';
import type { Letter } from '../mail';
import { startPagesOfAccount, stopPagesOfAccount, SUBSCRIPTION_ENDED } from '../pages';
import type { RowId, Sql } from '../sql.types';
import { countAccount, dropQuestions, type AccountCounts } from './account-erasure.store';
import { makeConfirmAccountErasure, newQuestion, type AskAccountErasureDeps } from './ask-account-erasure';
import { nameDiffers } from './erasure.errors';

const DAY_MS = 86_400_000;
/** So many days before everything goes, the owner is told once more. */
const REMINDERS_DAYS = [7, 1];
const MOST_ACCOUNTS = 100;

export interface EndedSubscription extends SubscriptionEnd {
  readonly counts: AccountCounts;
}

/**
 * Cancels a subscription and keeps everything for a while: nothing is sent from the commit on, and no Page can be connected; people can
 * still leave, and everything can be read and taken out. Cancelled again it answers the same end.
 *
 * @param name the account's name, typed by whoever asks
 * @throws {UserError} `account_not_found`, `account_name_differs`
 */
export const makeEndSubscription =
  (deps: AskAccountErasureDeps) =>
  async ({ accountId, name }: { readonly accountId: RowId; readonly name: string }): Promise<EndedSubscription> => {
    const owner = await openOwner(deps.db, accountId, await deps.accountKey(accountId));
    if (name.trim() !== owner.name) throw nameDiffers();
    const counts = await countAccount(deps.db, accountId);
    const key = { name: owner.uuid, key: await deps.accountKey(accountId) };
    const endedAt = deps.clock.now();
    const end = { endedAt, deleteAt: new Date(endedAt.getTime() + RETENTION.cancelledDays * DAY_MS) };
    const stored = await deps.db.transaction(async (tx) => {
      await lockAccount(tx, accountId);
      if (!(await insertSubscriptionEnd(tx, accountId, end))) return findSubscriptionEnd(tx, accountId);
      for (const pageId of await stopPagesOfAccount(tx, accountId, endedAt))
        await blockBroadcastsOfPage(tx, pageId, SUBSCRIPTION_ENDED, endedAt);
      await deps.post(tx, letterOf({ accountId, key }, owner, end.deleteAt));
      await recordAudit(tx, deps, { accountId, kind: 'account.subscription_cancelled' });
      return end;
    });
    return { ...(stored ?? end), counts };
  };

/**
 * Takes a cancelled subscription up again: Pages that it stopped go on, and so do their broadcasts. A question whether everything is to be
 * deleted is answered thereby.
 *
 * @returns whether there was one that no deletion has begun for
 */
export const makeResumeSubscription =
  (deps: AskAccountErasureDeps) =>
  (accountId: RowId): Promise<boolean> =>
    deps.db.transaction(async (tx) => {
      await lockAccount(tx, accountId);
      // A yes that is being written was waited for, and one that is not finds no question any more.
      if ((await isDeletionConfirmed(tx, accountId)) || !(await deleteSubscriptionEnd(tx, accountId))) return false;
      await dropQuestions(tx, accountId);
      const now = deps.clock.now();
      for (const pageId of await startPagesOfAccount(tx, accountId, now)) await reopenBroadcastsOfPage(tx, pageId, now);
      await recordAudit(tx, deps, { accountId, kind: 'account.subscription_resumed' });
      return true;
    });

export const makeGetSubscription =
  ({ db }: { readonly db: Sql }) =>
  async (accountId: RowId): Promise<SubscriptionEnd | null> =>
    (await findSubscriptionEnd(db, accountId)) ?? null;

/**
 * Reminds the owners of accounts that have ended, and at last deletes what they did not take up again, by the same steps as a deletion
 * that was asked for.
 *
 * @returns how many deletions began
 */
export function makeCarryOutEnds(deps: AskAccountErasureDeps & { readonly log: Log; readonly mostPerRound?: number }) {
  const next = inRounds<DueEnd>(deps.mostPerRound ?? MOST_ACCOUNTS, ({ accountId }) => accountId);
  return async (): Promise<number> => {
    let begun = 0;
    const now = deps.clock.now();
    const turns = oneByOne();
    for (const due of await next((part) => readDueEnds(deps.db, { now, daysBefore: REMINDERS_DAYS, ...part })))
      await turns.try(async () => {
        if (due.deleteAt > now) await remind(deps, due);
        else if (await beginDeletion(deps, due)) begun += 1;
      });
    if (begun > 0) deps.log.event('subscriptions.ended', { count: begun });
    turns.finish();
    return begun;
  };
}

async function remind(deps: AskAccountErasureDeps, due: DueEnd): Promise<void> {
  const owner = await openOwner(deps.db, due.accountId, await deps.accountKey(due.accountId));
  const key = { name: owner.uuid, key: await deps.accountKey(due.accountId) };
  await deps.db.transaction(async (tx) => {
    if (await countReminder(tx, due))
      await deps.post(tx, letterOf({ accountId: due.accountId, key }, owner, due.deleteAt));
  });
}

/** The question is made and answered here: nobody learns its link. One that a dead process left is made anew. */
async function beginDeletion(deps: AskAccountErasureDeps, { accountId, deleteAt }: DueEnd): Promise<boolean> {
  const token = await deps.db.transaction(async (tx) => {
    await lockAccount(tx, accountId);
    const end = await findSubscriptionEnd(tx, accountId);
    // It may have been taken up again in this moment.
    return end?.deleteAt.getTime() === deleteAt.getTime() ? newQuestion(tx, deps, accountId) : null;
  });
  return token !== null && (await makeConfirmAccountErasure(deps)(token)) !== null;
}

const letterOf = (
  account: Pick<Letter, 'accountId' | 'key'>,
  { name, email }: { readonly name: string; readonly email: string },
  deleteAt: Date,
): Letter => ({
  ...account,
  kind: 'subscription_cancelled',
  to: email,
  subject: `${name}: everything is deleted on ${deleteAt.toISOString().slice(0, 10)}`,
  text: [
    `The subscription of the account "${name}" was cancelled. Nothing is sent any more.`,
    '',
    `What it holds is kept until ${deleteAt.toISOString()}. Then it is deleted for good, and nobody can bring it back.`,
    'Until then you can take everything out as one archive (POST /v1/account/backup),',
    'take the subscription up again (POST /v1/account/subscription/resume),',
    'or have everything deleted at once (DELETE /v1/account).',
    '',
  ].join('\n'),
});
