import { Router } from 'express';
import { z } from 'zod';
import type { AccessAnswer, AccessRecord, AccessSection, makeAccessForAccount } from '../domain/access';
import { ACCESS_EXAMPLE } from './examples';
import { html, momentOf, page, type SafeHtml } from './html';
import { refuseOtherMethods } from './other-methods';
import { answerUnknownLink } from './person.routes';
import { privateRoute, type Route } from './route';
import { facts } from './router';
import { timestamp, uuid } from './schemas';

export interface AccessApi {
  readonly forAccount: ReturnType<typeof makeAccessForAccount>;
}

export interface PersonAccessApi {
  /** Looks and changes nothing; null for an unknown token. */
  readonly showAccess: (token: string) => Promise<AccessAnswer | null>;
}

export const accessSchema = z
  .object({
    format: z.literal('assent-access/v1'),
    made_at: timestamp,
    page: z.object({ page_id: z.string(), name: z.string() }),
    sections: z.array(
      z.object({
        name: z.string(),
        what: z.string(),
        source: z.string(),
        purpose: z.string(),
        recipients: z.string(),
        retention: z.string(),
        records: z.array(z.record(z.string(), z.unknown())),
      }),
    ),
    not_shown: z.array(z.string()),
  })
  .meta({ id: 'AccessAnswer', example: ACCESS_EXAMPLE });

/** What is kept about a person, for the account that answers them. */
export const accessRoutes = (api: AccessApi): Route[] => [
  privateRoute({
    method: 'get',
    path: '/v1/leads/{id}/export',
    tag: 'leads',
    scope: 'proofs:export',
    summary: 'Everything that is kept about a lead',
    description:
      'What, where it came from, what for, who gets it and how long it stays: the answer to a request for access or portability (GDPR 15 and 20). The person gets the same by writing "my data" in the chat',
    params: z.object({ id: uuid }),
    problems: [404, 410],
    replies: { 200: { description: 'The answer', schema: accessSchema } },
    handle: async ({ principal, params: { id } }) => ({
      status: 200,
      headers: { 'Content-Disposition': `attachment; filename="data-${id}.json"` },
      body: presented(await api.forAccount({ accountId: principal.accountId, leadUuid: id })),
    }),
  }),
];

const presented = (answer: AccessAnswer): z.infer<typeof accessSchema> => ({
  ...answer,
  sections: answer.sections.map((section) => ({ ...section, records: section.records.map((one) => ({ ...one })) })),
  not_shown: [...answer.not_shown],
});

/** The person's own page and file. The link stands in the answer to "my data". */
export function personAccessRoutes(api: PersonAccessApi): Router {
  const router = Router();
  router.get('/n/:token/data', async (req, res) => {
    facts(res).route = '/n/{token}/data';
    res.setHeader('Cache-Control', 'no-store');
    const answer = await api.showAccess(req.params.token);
    if (answer === null) answerUnknownLink(res);
    else res.type('html').send(page(`What is kept about you: ${answer.page.name}`, body(answer, req.params.token)));
  });
  router.get('/n/:token/data.json', async (req, res) => {
    facts(res).route = '/n/{token}/data.json';
    res.setHeader('Cache-Control', 'no-store');
    const answer = await api.showAccess(req.params.token);
    if (answer === null) answerUnknownLink(res);
    else
      res
        .attachment('my-data.json')
        .type('json')
        .send(`${JSON.stringify(answer, null, 2)}\n`);
  });
  for (const path of ['/n/:token/data', '/n/:token/data.json']) refuseOtherMethods(router, path, ['GET']);
  return router;
}

const body = (answer: AccessAnswer, token: string): SafeHtml =>
  html`<h1>What is kept about you: ${answer.page.name}</h1>
    <p>
      As of ${momentOf(answer.made_at)}.
      <a href="/n/${token}/data.json" data-testid="download">The same as a file</a> that other programs can read. This
      page tells what only you and the Page know: keep its address to yourself.
    </p>
    ${answer.sections.map(sectionOf)}
    <h2>What is not shown here</h2>
    <ul>
      ${answer.not_shown.map((line) => html`<li>${line}</li>`)}
    </ul>
    <p>To have all of it deleted, write DELETE in the conversation.</p>`;

const sectionOf = (section: AccessSection): SafeHtml =>
  html`<section data-testid="${section.name}">
    <h2>${titleOf(section.name)}</h2>
    <p>${section.what}</p>
    <table>
      ${factRow('Where from', section.source)} ${factRow('What for', section.purpose)}
      ${factRow('Who gets it', section.recipients)} ${factRow('How long', section.retention)}
    </table>
    ${section.records.length === 0 ? html`<p>Nothing is kept.</p>` : section.records.map(recordOf)}
  </section>`;

const factRow = (name: string, text: string): SafeHtml =>
  html`<tr>
    <th>${name}</th>
    <td>${text}</td>
  </tr>`;

const recordOf = (record: AccessRecord): SafeHtml =>
  html`<table>
    ${Object.entries(record).map(
      ([name, value]) =>
        html`<tr>
          <th>${titleOf(name)}</th>
          <td>${valueOf(value)}</td>
        </tr>`,
    )}
  </table>`;

/** `last_choice_at` as people read it. */
const titleOf = (name: string): string => {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/;

function valueOf(value: unknown): string | SafeHtml {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'string') return TIME.test(value) ? momentOf(value) : value;
  if (typeof value === 'object') return html`<pre>${JSON.stringify(value, null, 2)}</pre>`;
  return JSON.stringify(value);
}
