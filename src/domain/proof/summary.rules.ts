import { escapeHtml } from '../../kernel/escape-html';
import type { ChainEntry, ProvedMessage, ProvedPerson } from './proof.types';

const STYLE =
  'body{font:16px/1.5 serif;max-width:46rem;margin:2rem auto;padding:0 1rem}code{font-size:.8em;overflow-wrap:anywhere}' +
  'blockquote{border-left:3px solid #888;margin-left:0;padding-left:1rem;white-space:pre-wrap}' +
  'table{border-collapse:collapse}td,th{border:1px solid #999;padding:.3rem .5rem;text-align:left;vertical-align:top}';

const VIA: Readonly<Record<string, string>> = {
  get_started: 'by tapping "Get Started"',
  first_message: 'by writing a message',
  referral: "by following the Page's link",
  ad: 'by way of an advertisement',
  optin_plugin: 'by a plugin on a web site',
  marketing_optin: "by Messenger's own opt-in",
  quick_reply: 'by tapping an answer',
  button: 'by tapping a button',
  keyword: 'by writing a word',
  postback: 'by tapping a button',
  meta_stop: 'by the stop of Messenger',
  admin: 'by the administrator of the Page',
  api: 'by a program of the Page',
  bounce: 'because Messenger reported that the person blocked the Page',
  web: 'on the web page',
};

const OTHERS: Readonly<Record<string, string>> = {
  notice_shown: 'The text below was sent to the person: Messenger took it over for delivery.',
  object: 'The person objected to the use of their data.',
};

const when = ({ facts }: ChainEntry): string => `${(facts.event_at ?? facts.at).slice(0, 19).replace('T', ' ')} UTC`;

function actOf({ facts }: ChainEntry): string {
  const via = facts.via === undefined ? '' : ` ${VIA[facts.via] ?? facts.via}`;
  const allowsBroadcasts = facts.purposes?.includes('marketing.broadcast') === true;
  switch (facts.kind) {
    case 'opt_in':
      return allowsBroadcasts
        ? `The person started the conversation${via}. The Page counts this as agreeing to its messages.`
        : `The person started the conversation${via}. This allows answers only.`;
    case 'consent':
      return `The person agreed to messages${via}.`;
    case 're_opt_in':
      return `The person agreed to messages again${via}.`;
    case 'withdraw':
      return `The consent was withdrawn${via}.`;
    case 'token':
      return `Messenger's own permission for marketing messages: ${facts.state ?? ''}.`;
    default:
      return OTHERS[facts.kind] ?? facts.kind;
  }
}

function entryRow(entry: ChainEntry, wordings: ReadonlyMap<string, string>): string {
  const wording = entry.facts.notice === undefined ? undefined : wordings.get(entry.facts.notice.sha256);
  const label = entry.facts.kind === 'notice_shown' ? '' : '<br>The notice of the Page at that time:';
  const quote = wording === undefined ? '' : `${label}<blockquote>${escapeHtml(wording)}</blockquote>`;
  const evidence = entry.segments.size > 0 ? "<br>Messenger's signed message is part of this bundle." : '';
  return `<tr><td>${String(entry.facts.subject.n)}</td><td>${when(entry)}</td><td>${escapeHtml(actOf(entry))}${evidence}${quote}<code>leaf ${String(entry.index)}, ${entry.commitment.toString('hex')}</code></td></tr>`;
}

/** The entry a message names as the consent it rests on. */
function consentOf({ body }: ProvedMessage, entries: readonly ChainEntry[]): string {
  const { consent } = JSON.parse(body.toString()) as { readonly consent: { readonly c: string } };
  const grant = entries.find(({ commitment }) => commitment.toString('hex') === consent.c);
  return grant === undefined ? '' : `No. ${String(grant.facts.subject.n)}`;
}

const messageRow = (message: ProvedMessage, entries: readonly ChainEntry[]): string =>
  `<tr><td>${message.at.toISOString().slice(0, 19).replace('T', ' ')} UTC</td><td>${consentOf(message, entries)}</td><td>${message.isTest ? 'a test, ' : ''}<code>${message.uuid}</code></td><td>leaf ${String(message.sends.index)}</td></tr>`;

/**
 * The bundle for somebody who reads and does not compute. A view: the entries prove, this does not.
 *
 * @param leftOut which messages are not in the bundle
 */
export function summaryPage(
  person: ProvedPerson,
  wordings: ReadonlyMap<string, string>,
  log: string,
  leftOut: string | null,
): Buffer {
  const psid = person.entries[0]?.facts.psid ?? '';
  const messages =
    person.messages.length === 0
      ? '<p>None is part of this bundle.</p>'
      : `<table><tr><th>Authorised</th><th>On the consent</th><th>Message</th><th>In the log</th></tr>${person.messages.map((message) => messageRow(message, person.entries)).join('')}</table>`;
  return Buffer.from(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Proof of consent</title><style>${STYLE}</style></head><body>
<h1>Proof of consent</h1>
<p>Page: ${escapeHtml(person.pageName)} (${escapeHtml(person.metaPageId)}). Person: page-scoped id ${escapeHtml(psid)}, which Messenger gives to one person at one Page.
Log: ${escapeHtml(log)}.</p>
<h2>What happened</h2>
<table><tr><th>No.</th><th>When</th><th>What</th></tr>${person.entries.map((entry) => entryRow(entry, wordings)).join('')}</table>
<h2>Messages that were authorised</h2>
${leftOut === null ? '' : `<p>${escapeHtml(leftOut)}</p>\n`}${messages}
<h2>What this proves</h2>
<ul>
<li>These entries stood in the log in this order and have not been changed since. Each names the one before it, so one that is missing between them shows.</li>
<li>With a time-stamp or a witness from outside, they existed at that time; not even the operator can date them back.</li>
<li>Every message listed was authorised after the consent it names and before any withdrawal that stands above.</li>
</ul>
<h2>What it does not prove</h2>
<ul>
<li>That nothing came after the last entry, such as a withdrawal, or that there is no second version of this person's entries: how many there are is what the operator says. What was cut off at the end, or a second version, shows only against another bundle, the person's own receipt or a full audit.</li>
<li>That Messenger, and not the holder of the app's secret, signed the webhook: that signature can be made by both.</li>
<li>That the person read the text, or, where the conversation's start counts as consent, that they agreed to more than opening it.</li>
<li>What the messages said. The log holds a hash of the content, and the text is not in this bundle. Which of them were tests is what the operator says.</li>
<li>That a message reached a device. "Authorised" means that it was about to be sent.</li>
<li>That the operator logged everything it was told. The person's own receipt and Messenger's copy of the thread can show that.</li>
</ul>
<h2>How to check it</h2>
<p>This page is only a view. Get <code>assent-verify.mjs</code> and the log's key by another way than this bundle, and run
<code>node assent-verify.mjs --key &lt;key&gt; &lt;bundle&gt;</code>. Or read <code>verify-by-hand.sh</code>, which needs OpenSSL only.</p>
</body></html>
`);
}
