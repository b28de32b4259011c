import fc from 'fast-check';
import { html, page } from '../../../src/http/html';
import { escapeHtml } from '../../../src/kernel/escape-html';

describe('html', () => {
  it('escapes every part that html did not make, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const inside = html`<b title="${text}">${text}</b>`.text;
        const plain = inside.replaceAll(/&(amp|lt|gt|quot|#39);/g, '');
        expect(plain.match(/[<>"']/g)?.join('')).toBe('<""><>');
      }),
    );
  });

  it('escapes once, and leaves its own markup alone', () => {
    expect(html`<p>${html`<i>${'a & b'}</i>`}${[html`<br />`, html`<hr />`]}${7}</p>`.text).toBe(
      '<p><i>a &amp; b</i><br /><hr />7</p>',
    );
    expect(escapeHtml(`&<>"'`)).toBe('&amp;&lt;&gt;&quot;&#39;');
  });

  it('escapes title and language of a page', () => {
    const text = page('</title><script>', html`<p>x</p>`, '"><script>');
    expect(text).not.toContain('<script>');
    expect(text).toContain('<p>x</p>');
  });
});
