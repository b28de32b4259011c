import {
  expireClosedPages,
  makeAskAccountErasure,
  makeCarryOutAccountErasures,
  makeCarryOutEnds,
  makeEndSubscription,
  makeGetSubscription,
  makeResumeSubscription,
  makeConfirmAccountErasure,
  makeFindAnsweredErasure,
  makeForgetUnanswered,
  makeShowAccountErasure,
  makeShowAskedErasure,
  certificateAddress,
} from '../domain/erasure';
import type { AppendDeps } from '../domain/consent';
import { makeListMails, makePost, makeSendMail, makeWipeMails } from '../domain/mail';
import { makeReleasePages, type PageDeps } from '../domain/pages';
import type { RowId } from '../domain/sql.types';
import { smtpSender } from '../platform/mail';
import type { Infrastructure } from './infrastructure';
import { sealedCallsOf } from './recipients';

export interface AccountsPort extends Pick<PageDeps, 'graph'> {
  readonly accountKey: (accountId: RowId) => Promise<Buffer>;
  readonly publicUrl: string;
  readonly dropBackupFiles: () => Promise<unknown>;
}

const NOBODY = 'assent@localhost';

/** Wires what concerns a whole account and its owner: mails, and its end. */
export function composeAccounts(
  { db, keyRing, keyRingCopy, erasedAccounts, clock, ids, log, config }: Infrastructure,
  append: AppendDeps,
  { graph, accountKey, publicUrl, dropBackupFiles }: AccountsPort,
) {
  const { url, from } = config.mail;
  const outbox = {
    db,
    keyRing,
    clock,
    ids,
    log,
    sender: url === null ? null : smtpSender({ url, from: from ?? NOBODY }),
  };
  const post = makePost(outbox);
  const asking = { ...append, db, accountKey, post, publicUrl };
  const releasePages = makeReleasePages({ db, keyRing, graph, clock });
  return {
    routes: {
      account: { askErasure: makeAskAccountErasure(asking), mails: makeListMails({ db, keyRing }) },
      subscription: {
        askErasure: makeAskAccountErasure(asking),
        end: makeEndSubscription(asking),
        resume: makeResumeSubscription(asking),
        get: makeGetSubscription({ db }),
      },
      accountDeletion: {
        showAsked: makeShowAskedErasure({ db, clock }),
        confirm: makeConfirmAccountErasure(asking),
        answered: makeFindAnsweredErasure({ db }),
        addressOf: (code: string) => certificateAddress(publicUrl, code),
      },
    },
    showAccount: makeShowAccountErasure({ db }),
    /** Each waits for somebody outside: Meta, a mail server. */
    sweeps: [
      {
        name: 'carry-out-account-erasures',
        run: makeCarryOutAccountErasures({
          ...append,
          db,
          log,
          keyRingCopy,
          erasedAccounts,
          releasePages,
          post,
          publicUrl,
          dropBackupFiles,
          sealedCalls: sealedCallsOf(config),
        }),
      },
      { name: 'send-mail', run: makeSendMail(outbox) },
    ],
    housekeeping: [
      { name: 'wipe-mails', run: makeWipeMails({ db, clock }) },
      { name: 'carry-out-ends', run: makeCarryOutEnds({ ...asking, log }) },
      { name: 'forget-unanswered-deletions', run: makeForgetUnanswered({ db, clock }) },
      { name: 'expire-closed-pages', run: () => expireClosedPages(db, clock.now()) },
    ],
  };
}
