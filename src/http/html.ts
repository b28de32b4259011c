import { escapeHtml } from '../kernel/escape-html';

/** Markup that may be put into a page as it is. Only `html` makes one. */
export class SafeHtml {
  constructor(readonly text: string) {}
}

type Part = string | number | SafeHtml | readonly SafeHtml[];

function render(part: Part): string {
  if (part instanceof SafeHtml) return part.text;
  if (typeof part === 'object') return part.map((one) => one.text).join('');
  return escapeHtml(String(part));
}

/** A template that escapes everything that is not itself the result of `html`. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): SafeHtml {
  return new SafeHtml(strings.reduce((text, literal, index) => text + render(parts[index - 1] ?? '') + literal));
}

/** A time of ours (RFC 3339, UTC) as people read it. */
export const momentOf = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')} UTC`;

/** A whole page. Styles come from our own origin, so that the content security policy can forbid everything else. */
export function page(title: string, body: SafeHtml, language = 'en'): string {
  return html`<!doctype html>
    <html lang="${language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <link rel="stylesheet" href="/assets/assent.css" />
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html>`.text;
}
