import { PRESENTATIONS } from './error-map';
import { html, page, type SafeHtml } from './html';
import type { Route } from './route';

/** The API reference for people, from the same list as the OpenAPI document. */
export function docsPage(routes: readonly Route[]): string {
  const tags = [...new Set(routes.map((route) => route.tag))];
  return page(
    'Assent API',
    html`<h1>Assent API</h1>
      <p>
        The machine-readable description is <a href="/v1/openapi.json">/v1/openapi.json</a> (OpenAPI 3.1). Send an API
        key as <code>Authorization: Bearer &lt;key&gt;</code>. Times are RFC 3339 in UTC. Lists take
        <code>limit</code> (50, at most 200) and <code>cursor</code>.
      </p>
      ${tags.map((tag) =>
        section(
          tag,
          routes.filter((route) => route.tag === tag),
        ),
      )}
      ${problems()}`,
  );
}

function section(tag: string, routes: readonly Route[]): SafeHtml {
  return html`<section>
    <h2>${tag}</h2>
    <table>
      <thead>
        <tr>
          <th>Call</th>
          <th>What it does</th>
          <th>Scope</th>
        </tr>
      </thead>
      <tbody>
        ${routes.map(
          (route) =>
            html`<tr>
              <td><span class="method">${route.method}</span> <code>${route.path}</code></td>
              <td>${route.summary}${route.description === undefined ? '' : `. ${route.description}`}</td>
              <td>${route.scope ?? 'none'}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

function problems(): SafeHtml {
  const rows = Object.entries(PRESENTATIONS).map(
    ([code, { status, title }]) =>
      html`<tr id="problem-${code}">
        <td><code>${code}</code></td>
        <td>${status}</td>
        <td>${title}</td>
      </tr>`,
  );
  return html`<section>
    <h2>Problems</h2>
    <p>Errors are RFC 9457 bodies; the end of <code>type</code> is one of these codes.</p>
    <table>
      <thead>
        <tr>
          <th>Code</th>
          <th>Status</th>
          <th>Title</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
        <tr id="problem-internal_error">
          <td><code>internal_error</code></td>
          <td>500</td>
          <td>Internal error</td>
        </tr>
        <tr id="problem-unavailable">
          <td><code>unavailable</code></td>
          <td>503</td>
          <td>Temporarily unavailable</td>
        </tr>
      </tbody>
    </table>
  </section>`;
}
