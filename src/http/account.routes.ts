import { Router, urlencoded, type Response } from 'express';
import { z } from 'zod';
import type { AccountCounts, AskedView, ConfirmedErasure, makeAskAccountErasure } from '../domain/erasure';
import type { makeListMails } from '../domain/mail';
import { ASKED_ACCOUNT_DELETION_EXAMPLE, MAIL_EXAMPLE } from './examples';
import { html, page, type SafeHtml } from './html';
import { refuseOtherMethods } from './other-methods';
import { privateRoute, type Route } from './route';
import { facts } from './router';
import { isoOrNull, listOf, listReply, timestamp, uuid } from './schemas';

export interface AccountApi {
  readonly askErasure: ReturnType<typeof makeAskAccountErasure>;
  readonly mails: ReturnType<typeof makeListMails>;
}

const tag = 'account';

const countsSchema = z.object({
  pages: z.int(),
  leads: z.int(),
  broadcasts: z.int(),
  messages: z.int(),
  ledger_entries: z.int(),
  api_keys: z.int(),
});

const askedSchema = z
  .object({
    id: uuid,
    confirm_until: timestamp,
    would_delete: countsSchema.meta({ description: 'What goes with the account' }),
    backup_downloaded_at: timestamp.nullable().meta({
      description:
        'When an archive of the account was last downloaded; null when none was in 30 days: ask for one first',
    }),
  })
  .meta({
    id: 'AskedAccountDeletion',
    example: ASKED_ACCOUNT_DELETION_EXAMPLE,
  });

const mailSchema = z
  .object({
    id: uuid,
    kind: z.enum(['account_deletion_asked', 'account_deleted', 'subscription_cancelled']),
    state: z.enum(['queued', 'kept', 'sent', 'failed']).meta({
      description: '`kept`: there is no mail server (`SMTP_URL`), and the mail is read here for two days',
    }),
    attempts: z.int(),
    created_at: timestamp,
    settled_at: timestamp.nullable(),
    content: z.object({ to: z.string(), subject: z.string(), text: z.string() }).nullable(),
  })
  .meta({
    id: 'Mail',
    example: MAIL_EXAMPLE,
  });

const presentCounts = (counts: AccountCounts): z.infer<typeof countsSchema> => ({
  pages: counts.pages,
  leads: counts.leads,
  broadcasts: counts.broadcasts,
  messages: counts.messages,
  ledger_entries: counts.entries,
  api_keys: counts.apiKeys,
});

export const accountRoutes = (api: AccountApi): Route[] => [
  privateRoute({
    method: 'delete',
    path: '/v1/account',
    tag,
    scope: 'account:admin',
    summary: 'Asks for the deletion of the account',
    description:
      'Nothing ends by this call. The owner gets a mail with a link that counts for 24 hours; the yes is the button on its page, and it is final at once. An earlier link counts no more',
    body: z
      .strictObject({ name: z.string().min(1).max(200).meta({ description: 'The name of the account, typed' }) })
      .meta({ id: 'AskAccountDeletion' }),
    bodyExample: { name: 'Harbour Coffee' },
    problems: [404],
    replies: { 202: { description: 'A mail is on its way', schema: askedSchema } },
    handle: async ({ principal, body: { name } }) => {
      const asked = await api.askErasure({ accountId: principal.accountId, name });
      return {
        status: 202,
        body: {
          id: asked.uuid,
          confirm_until: asked.confirmUntil.toISOString(),
          would_delete: presentCounts(asked.counts),
          backup_downloaded_at: isoOrNull(asked.backupAt),
        },
      };
    },
  }),
  privateRoute({
    method: 'get',
    path: '/v1/mail',
    tag,
    scope: 'account:admin',
    summary: 'Mails to the owner of the account, newest first',
    replies: { 200: { description: 'At most 200', schema: listOf(mailSchema) } },
    handle: async ({ principal }) => {
      const mails = await api.mails(principal.accountId);
      return listReply(
        mails.map(({ uuid: id, createdAt, settledAt, content, ...mail }) => ({
          id,
          ...mail,
          created_at: createdAt.toISOString(),
          settled_at: isoOrNull(settledAt),
          content: content === null ? null : { ...content },
        })),
        null,
      );
    },
  }),
];

export interface AccountDeletionApi {
  /** Looks and changes nothing; null for a link that does not count. */
  readonly showAsked: (token: string) => Promise<AskedView | null>;
  readonly confirm: (token: string) => Promise<ConfirmedErasure | null>;
  /** The code of the deletion that this link was the yes to; null for every other link. */
  readonly answered: (token: string) => Promise<string | null>;
  /** Address of the public page of an erasure. */
  readonly addressOf: (code: string) => string;
}

/** The page behind the mailed link. Acts only on POST: mail programs open addresses by themselves. */
export function accountDeletionRoutes(api: AccountDeletionApi): Router {
  const router = Router();
  router.get('/account-deletion/:token', async (req, res) => {
    const asked = await begin(api, req.params.token, res, api.showAsked);
    if (asked !== null) res.type('html').send(page('Delete this account?', question(asked)));
  });
  router.post('/account-deletion/:token', urlencoded({ extended: false, limit: 1_024 }), async (req, res) => {
    const confirmed = await begin(api, req.params.token, res, api.confirm);
    if (confirmed === null) return;
    const address = api.addressOf(confirmed.code);
    res.type('html').send(page('The account is being deleted', goodbye(address, confirmed.link)));
  });
  refuseOtherMethods(router, '/account-deletion/:token', ['GET', 'POST']);
  return router;
}

/** @returns null when the link is no open question: then it is answered here */
async function begin<T>(
  api: AccountDeletionApi,
  token: string,
  res: Response,
  work: (token: string) => Promise<T | null>,
): Promise<T | null> {
  facts(res).route = '/account-deletion/{token}';
  res.setHeader('Cache-Control', 'no-store');
  const found = await work(token);
  if (found !== null) return found;
  const code = await api.answered(token);
  if (code !== null) res.type('html').send(page('The deletion has begun', begun(api.addressOf(code))));
  else res.status(404).type('html').send(page('Not found', UNKNOWN_LINK));
  return null;
}

const UNKNOWN_LINK = html`<h1>This link does not count</h1>
  <p>It is older than a day, or a newer one was asked for.</p>`;

const begun = (address: string): SafeHtml =>
  html`<h1>The deletion has begun</h1>
    <p>
      This link was the yes to it. This page shows how far it is, and then the certificate:
      <a href="${address}" data-testid="erasure">${address}</a>
    </p>
    <p>
      The part of that address behind #, which shows that the certificate is about your account, was shown once, after
      the button. Where there is a mail server, the last mail has it too.
    </p>`;

const question = ({ counts, confirmUntil, backupAt }: AskedView): SafeHtml =>
  html`<h1>Delete this account?</h1>
    <p>This is final. Only what you downloaded before can be brought back, and nothing waits for you to think again.</p>
    <table>
      ${countRow('Pages', counts.pages)} ${countRow('People', counts.leads)}
      ${countRow('Broadcasts', counts.broadcasts)} ${countRow('Messages', counts.messages)}
      ${countRow('Entries of the log that close', counts.entries)} ${countRow('API keys', counts.apiKeys)}
    </table>
    <p>
      The moment you press the button, every key of the account is revoked, nothing is sent any more, and everything
      above is destroyed.
    </p>
    <p data-testid="backup">${backupSentence(backupAt)}</p>
    <form method="post"><button type="submit" data-testid="delete">Delete everything now</button></form>
    <p>The link counts until ${minuteOf(confirmUntil)}.</p>`;

const backupSentence = (at: Date | null): string =>
  at === null
    ? 'No archive of the account was downloaded in the last 30 days. Ask for one first, if you need anything of it.'
    : `An archive of the account was last downloaded at ${minuteOf(at)}. What came later is not in it.`;

const minuteOf = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const countRow = (name: string, count: number): SafeHtml =>
  html`<tr>
    <th>${name}</th>
    <td>${String(count)}</td>
  </tr>`;

const goodbye = (address: string, link: string): SafeHtml =>
  html`<h1>The account is being deleted</h1>
    <p>
      Keep this address: it shows how far it is, and then the certificate. With the part behind # you can show that it
      is about your account.
    </p>
    <p><a href="${address}#${link}" data-testid="certificate">${address}#${link}</a></p>`;
