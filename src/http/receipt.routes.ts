import { Router } from 'express';
import type { Receipt, ReceiptEntry } from '../domain/proof';
import { html, page, type SafeHtml } from './html';
import { refuseOtherMethods } from './other-methods';
import { answerUnknownLink } from './person.routes';
import { facts } from './router';

export interface ReceiptApi {
  /** Looks and changes nothing; null for an unknown token. */
  readonly showReceipt: (token: string) => Promise<Receipt | null>;
}

/** What a person agreed to and took back, each act with its place in the signed log. The link stands in a consent receipt. */
export function receiptRoutes(api: ReceiptApi): Router {
  const router = Router();
  router.get('/n/:token/consent', async (req, res) => {
    facts(res).route = '/n/{token}/consent';
    res.setHeader('Cache-Control', 'no-store');
    const receipt = await api.showReceipt(req.params.token);
    if (receipt === null) answerUnknownLink(res);
    else res.type('html').send(page(`What you agreed to: ${receipt.pageName}`, body(receipt)));
  });
  refuseOtherMethods(router, '/n/:token/consent', ['GET']);
  return router;
}

const WHAT: Readonly<Record<string, string>> = {
  opt_in: 'You started the conversation',
  consent: 'You agreed to messages',
  re_opt_in: 'You agreed to messages again',
  withdraw: 'You unsubscribed',
  notice_shown: 'You were shown this text',
  token: 'Your permission at Messenger changed',
  object: 'You asked for something about your data',
};

const body = ({ pageName, entries, checkpoint }: Receipt): SafeHtml =>
  html`<h1>What you agreed to: ${pageName}</h1>
    <p>
      Every act below was written into a log when it happened. The log only ever grows, and its state is signed, so
      nobody can change or leave out one of these entries later without that showing.
    </p>
    ${entries.map(entrySection)} ${checkpoint === null ? '' : signedSection(checkpoint)}`;

const entrySection = (entry: ReceiptEntry): SafeHtml =>
  html`<section>
    <h2>${String(entry.n)}. ${whatOf(entry)}</h2>
    <p>${momentOf(entry.eventAt ?? entry.at)}</p>
    ${entry.wording === null ? '' : html`<blockquote>${entry.wording}</blockquote>`}
    <table>
      <tr>
        <th>Commitment</th>
        <td><code>${entry.commitment}</code></td>
      </tr>
      ${entry.inclusion === null ? NOT_YET : inclusionRows(entry.inclusion)}
    </table>
  </section>`;

const whatOf = ({ kind, purposes }: ReceiptEntry): string =>
  kind === 'opt_in' && purposes.includes('marketing.broadcast')
    ? 'You started the conversation, which counts as agreeing to messages'
    : (WHAT[kind] ?? kind);

const NOT_YET = html`<tr>
  <th>In the log</th>
  <td>in less than a second; load this page again</td>
</tr>`;

const inclusionRows = ({ index, path }: NonNullable<ReceiptEntry['inclusion']>): SafeHtml =>
  html`<tr>
      <th>In the log</th>
      <td data-testid="included">leaf ${String(index)}</td>
    </tr>
    <tr>
      <th>Inclusion proof</th>
      <td>${path.map((hash) => html`<code>${hash}</code><br />`)}</td>
    </tr>`;

const signedSection = ({ size, note }: NonNullable<Receipt['checkpoint']>): SafeHtml =>
  html`<section>
    <h2>The signed state of the log</h2>
    <p>
      All proofs above lead to this checkpoint of ${String(size)} entries. Keep a copy of this page: should an entry
      ever be missing, the two do not fit together. The log holds no names and no times, only these commitments.
    </p>
    <pre>${note}</pre>
    <p>
      How it is computed (RFC 6962): the leaf is SHA-256 of a zero byte and the commitment; each line of the proof is
      joined on its side with SHA-256 of a one byte and both hashes. The last one is the third line of the checkpoint.
      Ask the Page for your proof as a file: anyone can check that without trusting the Page.
    </p>
  </section>`;

const momentOf = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')} UTC`;
