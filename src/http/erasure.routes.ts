import { Router } from 'express';
import { z } from 'zod';
import type { AccountErasureView, ErasureView, makeGetErasure, makeRequestErasure } from '../domain/erasure';
import type { MetaRequest } from '../domain/callbacks';
import { ERASURE_EXAMPLE } from './examples';
import { html, page, type SafeHtml } from './html';
import { refuseOtherMethods } from './other-methods';
import { privateRoute, type Route } from './route';
import { facts } from './router';
import { isoOrNull, timestamp, uuid } from './schemas';

export interface ErasuresApi {
  readonly request: ReturnType<typeof makeRequestErasure>;
  readonly get: ReturnType<typeof makeGetErasure>;
  /** Address of the public page of an erasure. */
  readonly addressOf: (code: string) => string;
}

const tag = 'erasures';
const params = z.object({ id: uuid });

const erasureSchema = z
  .object({
    id: uuid,
    state: z.enum(['waiting', 'destroying', 'complete']).meta({
      description: '`waiting`: nothing new is sent, and what is under way ends; `destroying`: rows gone, keys going',
    }),
    status_url: z.string().meta({ description: 'A public page about this erasure; it names nobody' }),
    requested_at: timestamp,
    rows_deleted_at: timestamp.nullable(),
    keys_destroyed_at: timestamp.nullable(),
    completed_at: timestamp.nullable(),
    certificate: z.string().nullable().meta({ description: 'A signed note: docs/erasure.md' }),
  })
  .meta({ id: 'Erasure', example: ERASURE_EXAMPLE });

const requestedSchema = erasureSchema
  .extend({
    person_url: z.string().nullable().meta({
      description:
        'The page with the secret part that ties the certificate to the person: hand it on to them. Told once, kept nowhere; null when the erasure was asked for before',
    }),
  })
  .meta({
    id: 'RequestedErasure',
    example: { ...ERASURE_EXAMPLE, person_url: `${ERASURE_EXAMPLE.status_url}#Zm9yIHRoZSBwZXJzb24` },
  });

const wishSchema = z
  .strictObject({
    keep_mark: z.boolean().default(false).meta({
      description:
        'Keeps one sealed mark, by which the person is not written to again when they come back. Only when they said that they want it',
    }),
  })
  .default({ keep_mark: false })
  .meta({ id: 'ErasureWish' });

const present = (api: Pick<ErasuresApi, 'addressOf'>, erasure: ErasureView): z.infer<typeof erasureSchema> => ({
  id: erasure.uuid,
  state: erasure.state,
  status_url: api.addressOf(erasure.code),
  requested_at: erasure.requestedAt.toISOString(),
  rows_deleted_at: isoOrNull(erasure.rowsDeletedAt),
  keys_destroyed_at: isoOrNull(erasure.keysDestroyedAt),
  completed_at: isoOrNull(erasure.completedAt),
  certificate: erasure.certificate,
});

export function erasuresRoutes(api: ErasuresApi): Route[] {
  return [
    privateRoute({
      method: 'post',
      path: '/v1/leads/{id}/erasure',
      tag,
      scope: 'erase',
      summary: 'Erases a lead for good',
      description:
        'From the answer on nothing new is sent to the person. Within seconds every row about them is deleted and their keys are destroyed; proofs of others stay valid. It cannot be undone',
      params,
      body: wishSchema,
      bodyExample: { keep_mark: false },
      problems: [404, 410],
      replies: { 202: { description: 'The erasure', schema: requestedSchema } },
      replay: async ({ principal }, erasureUuid) => {
        const erasure = await api.get({ accountId: principal.accountId, uuid: erasureUuid });
        return { status: 202, body: { ...present(api, erasure), person_url: null } };
      },
      handle: async ({ principal, params: { id }, body: wish, newId }) => {
        const { erasure, link } = await api.request({
          accountId: principal.accountId,
          leadUuid: id,
          erasureUuid: newId,
          keepsMark: wish.keep_mark,
        });
        const address = api.addressOf(erasure.code);
        const personUrl = link === null ? null : `${address}#${link.toString('base64url')}`;
        return { status: 202, body: { ...present(api, erasure), person_url: personUrl }, remember: erasure.uuid };
      },
    }),
    privateRoute({
      method: 'get',
      path: '/v1/erasures/{id}',
      tag,
      scope: 'erase',
      summary: 'How far an erasure is, and its certificate',
      params,
      problems: [404],
      replies: { 200: { description: 'The erasure', schema: erasureSchema } },
      handle: async ({ principal, params: { id } }) => ({
        status: 200,
        body: present(api, await api.get({ accountId: principal.accountId, uuid: id })),
      }),
    }),
  ];
}

export interface ErasurePageApi {
  /** Null for an unknown code. */
  readonly show: (code: string) => Promise<ErasureView | null>;
  /** The same for what somebody asked of Meta. */
  readonly showDeletion: (code: string) => Promise<MetaRequest | null>;
  /** The same for an account. */
  readonly showAccount: (code: string) => Promise<AccountErasureView | null>;
}

/** The public page of one erasure. Whom it is about only the part of the link behind `#` can show, which no server sees. */
export function erasurePageRoutes(api: ErasurePageApi): Router {
  const router = Router();
  router.get('/erasure/:code', async (req, res) => {
    facts(res).route = '/erasure/{code}';
    res.setHeader('Cache-Control', 'no-store');
    const erasure = await api.show(req.params.code);
    const other = erasure === null ? await otherPage(api, req.params.code) : null;
    if (other !== null) {
      res.type('html').send(other);
      return;
    }
    if (erasure === null) {
      res
        .status(404)
        .type('html')
        .send(page('Not found', html`<h1>There is no such erasure</h1>`));
      return;
    }
    res.type('html').send(page('An erasure', body(erasure)));
  });
  refuseOtherMethods(router, '/erasure/:code', ['GET']);
  return router;
}

async function otherPage(api: ErasurePageApi, code: string): Promise<string | null> {
  const account = await api.showAccount(code);
  if (account !== null) return page('The deletion of an account', ofAccount(account));
  const asked = await api.showDeletion(code);
  return asked === null ? null : page('A request for deletion', askedAtMeta(asked));
}

const ACCOUNT_STATES: Readonly<Record<AccountErasureView['state'], string>> = {
  asked: 'Asked for.',
  confirmed: 'Said yes to. Nothing is sent any more; everything is being deleted.',
  destroying: 'Nothing goes on any more. The keys are destroyed, so that nobody can be read; then the rows go.',
  complete: 'Complete.',
};

const ofAccount = (erasure: AccountErasureView): SafeHtml =>
  html`<h1>The deletion of an account</h1>
    <p data-testid="state">${ACCOUNT_STATES[erasure.state]}</p>
    <table>
      ${stepRow('Said yes to', erasure.confirmedAt)} ${stepRow('Keys destroyed', erasure.keysDestroyedAt)}
      ${stepRow('Rows deleted', erasure.rowsDeletedAt)} ${stepRow('Complete', erasure.completedAt)}
    </table>
    ${erasure.certificate === null ? '' : certificateSection(erasure.certificate)}`;

const askedAtMeta = ({ code, receivedAt }: MetaRequest): SafeHtml =>
  html`<h1>A request for deletion, made at Meta</h1>
    <table>
      <tr>
        <th>Confirmation code</th>
        <td><code data-testid="code">${code}</code></td>
      </tr>
      ${stepRow('Received', receivedAt)}
    </table>
    <p data-testid="state">
      Done: there was nothing to delete. Meta told us the number by which this app would know you if you had logged in
      to it with Facebook. Nobody logs in here with Facebook, and nothing is kept under that number; this request is
      kept by its code alone.
    </p>
    <h2>If you wrote to a Page</h2>
    <p>
      A Page knows you by another number, which Meta does not tell us in such a request. Write DELETE to the Page in
      Messenger: you are asked once whether you mean it, and get the address of a certificate. Writing MY DATA shows
      what is kept.
    </p>`;

const STATES: Readonly<Record<ErasureView['state'], string>> = {
  waiting: 'Asked for. Nothing new is sent; what is under way ends first.',
  destroying: 'Every row about the person is deleted. The keys of older copies are being destroyed.',
  complete: 'Complete.',
};

const body = (erasure: ErasureView): SafeHtml =>
  html`<h1>An erasure</h1>
    <p data-testid="state">${STATES[erasure.state]}</p>
    <table>
      ${stepRow('Asked for', erasure.requestedAt)} ${stepRow('Rows deleted', erasure.rowsDeletedAt)}
      ${stepRow('Keys destroyed', erasure.keysDestroyedAt)}
    </table>
    ${erasure.certificate === null ? '' : certificateSection(erasure.certificate)}
    <h2>What this cannot reach</h2>
    <p>
      Meta keeps its own copy of the conversation: delete it in Messenger, and ask the Page to delete theirs. Files that
      were handed out before, such as proofs, are with whoever got them.
    </p>`;

const stepRow = (name: string, at: Date | null): SafeHtml =>
  html`<tr>
    <th>${name}</th>
    <td>${at === null ? 'not yet' : at.toISOString()}</td>
  </tr>`;

const certificateSection = (certificate: string): SafeHtml =>
  html`<h2>Certificate</h2>
    <pre data-testid="certificate">${certificate}</pre>
    <p>
      It names nobody. If you got a link with a secret part behind #, keep the whole link: with that part you, and
      nobody else, can show that this certificate is about you.
    </p>`;
