import { Router } from 'express';
import type { Receipt, ReceiptEntry } from '../domain/proof';
import { html, momentOf, page, type SafeHtml } from './html';
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
  notice_shown: 'This text was sent to you',
  token: 'Your permission at Messenger changed',
  object: 'You asked for something about your data',
};

const body = ({ pageName, entries, checkpoint }: Receipt): SafeHtml =>
  html`<h1>What you agreed to: ${pageName}</h1>
    <p>
      Every act below was written into a log when it happened. The log only ever grows, and its state is signed: keep a
      copy of this page, and nobody can change or leave out one of these entries later without that showing.
    </p>
    ${entries.map(entrySection)} ${checkpoint === null ? '' : signedSection(checkpoint)}`;

const entrySection = (entry: ReceiptEntry): SafeHtml =>
  html`<section>
    <h2>${String(entry.n)}. ${whatOf(entry)}</h2>
    <p>${momentOf(entry.eventAt ?? entry.at)}</p>
    ${entry.wording === null ? '' : wordingOf(entry.kind, entry.wording)}
    <table>
      <tr>
        <th>Body</th>
        <td><pre data-testid="body">${entry.body}</pre></td>
      </tr>
      <tr>
        <th>Nonce</th>
        <td><code data-testid="nonce">${entry.nonce}</code></td>
      </tr>
      <tr>
        <th>Commitment</th>
        <td><code data-testid="commitment">${entry.commitment}</code></td>
      </tr>
      ${entry.inclusion === null ? NOT_YET : inclusionRows(entry.inclusion)}
    </table>
  </section>`;

const whatOf = ({ kind, purposes }: ReceiptEntry): string =>
  kind === 'opt_in' && purposes.includes('marketing.broadcast')
    ? 'You started the conversation, which counts as agreeing to messages'
    : (WHAT[kind] ?? kind);

/** An act names the notice in force; only an entry of its own says that a text was sent. */
const wordingOf = (kind: string, wording: string): SafeHtml =>
  html`${kind === 'notice_shown' ? '' : IN_FORCE}
    <blockquote>${wording}</blockquote>`;

const IN_FORCE = html`<p>
  The notice of the Page at that time. Whether and when it was sent to you stands in an entry of its own.
</p>`;

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
      <td>${path.map(({ hash, side }) => html`${side} <code data-testid="proof">${hash}</code><br />`)}</td>
    </tr>`;

const signedSection = ({ size, note }: NonNullable<Receipt['checkpoint']>): SafeHtml =>
  html`<section>
    <h2>The signed state of the log</h2>
    <p>
      All proofs above lead to this checkpoint of ${String(size)} entries. Keep a copy of this page: should an entry
      ever be missing, the two do not fit together. The log holds no names and no times, only these commitments.
    </p>
    <pre>${note}</pre>
    <h2>How it is computed</h2>
    <p>
      The commitment is SHA-256 of two things, one after the other: the 32 bytes of the SHA-256 of the body, and the 64
      bytes of the nonce, written here in hex. The body is the text in UTF-8 exactly as it stands, with no line break at
      its end. It tells what only you and the Page know, so show it to nobody who need not see it.
    </p>
    <p>
      From there on it is RFC 6962. The leaf is SHA-256 of a zero byte and the commitment. Each line of the proof, from
      the first to the last, is joined with what you have so far: SHA-256 of a one byte, the hash on the left and the
      hash on the right. "left" or "right" says where the hash of that line stands. The last result, in base64, is the
      third line of the checkpoint. Ask the Page for your proof as a file: anyone can check that without trusting the
      Page.
    </p>
  </section>`;
