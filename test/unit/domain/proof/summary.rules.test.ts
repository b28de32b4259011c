import { summaryPage } from '../../../../src/domain/proof/summary.rules';
import { aPerson, NOTICE, WORDING_SHA256 } from './a-person';

const wordings = new Map([[WORDING_SHA256, 'You get <news> & offers']]);
const grant = { kind: 'opt_in', via: 'get_started', notice: NOTICE, purposes: ['marketing.broadcast'] };
const pageOf = (...parameters: Parameters<typeof aPerson>): string =>
  summaryPage(aPerson(...parameters), wordings, 'log.test', null).toString();

it('shows the full wording, escaped, and nothing that runs or loads', () => {
  const html = pageOf([grant]);
  expect(html).toContain('<blockquote>You get &lt;news&gt; &amp; offers</blockquote>');
  expect(html).toContain('A &lt;Shop&gt;');
  expect(html).not.toMatch(/<script|<img|<link|https?:|src=|url\(|@import/i);
});

it('says of each message on which consent it rests', () => {
  const chain = [grant, { kind: 'withdraw', via: 'keyword' }, { ...grant, kind: 're_opt_in', via: 'keyword' }];
  const html = pageOf(chain, [1, 3, 9]);
  expect([...html.matchAll(/UTC<\/td><td>(No\. \d)?<\/td><td><code>(uuid-\d)/g)].map(([, no, id]) => [id, no])).toEqual(
    [
      ['uuid-0', 'No. 1'],
      ['uuid-1', 'No. 3'],
      ['uuid-2', undefined],
    ],
  );
  expect(pageOf([grant])).toContain('None is part of this bundle.');
});

it.each([
  [grant, 'The Page counts this as agreeing to its messages.'],
  [{ ...grant, purposes: ['reply'] }, 'This allows answers only.'],
  [{ kind: 'withdraw', via: 'bounce' }, 'The consent was withdrawn because Messenger reported'],
  [
    { kind: 'notice_shown', notice: NOTICE },
    'The text below was sent to the person: Messenger took it over for delivery.<blockquote>',
  ],
  [grant, 'The notice of the Page at that time:<blockquote>'],
  [{ kind: 'token', state: 'granted' }, 'permission for marketing messages: granted'],
  [{ kind: 'object' }, 'The person objected to the use of their data.'],
])('puts what happened in plain words', (facts, words) => {
  expect(pageOf([facts])).toContain(words);
});

it('says how many messages are not in the bundle, where some are not', () => {
  const html = summaryPage(aPerson([grant], [1]), wordings, 'log.test', 'The newest 1 of 2 <messages>').toString();
  expect(html).toContain('<h2>Messages that were authorised</h2>\n<p>The newest 1 of 2 &lt;messages&gt;</p>\n<table>');
  expect(pageOf([grant], [1])).toContain('<h2>Messages that were authorised</h2>\n<table>');
});

it('claims a gap to show, and not an end that was cut off or a second version', () => {
  const [, proves, provesNot] = pageOf([grant]).split(/<h2>What (?:this proves|it does not prove)<\/h2>/);
  expect(proves).toContain('one that is missing between them shows');
  expect(proves).not.toMatch(/left out|second version|before any withdrawal\./);
  expect(provesNot).toContain('That nothing came after the last entry, such as a withdrawal');
  expect(provesNot).toContain(
    "a second version, shows only against another bundle, the person's own receipt or a full audit",
  );
});
