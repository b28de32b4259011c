import { Router } from 'express';
import { refuseOtherMethods } from './other-methods';
import { facts } from './router';

const STYLE = `:root{color-scheme:light dark;--line:#8884}
body{font:16px/1.5 system-ui,sans-serif;margin:0}
main{max-width:60rem;margin:0 auto;padding:1.5rem}
code,pre{font-family:ui-monospace,monospace;font-size:.9em;overflow-wrap:anywhere}
pre{white-space:pre-wrap}
table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid var(--line);padding:.35rem .6rem;text-align:left;vertical-align:top}
section{border-top:1px solid var(--line);margin-top:2rem}
button{font:inherit;padding:.6rem 1.2rem;min-height:44px}
.method{font-weight:600;text-transform:uppercase}
`;

/** The one style sheet of the server-rendered pages. */
export function assetRoutes(): Router {
  const router = Router();
  router.get('/assets/assent.css', (_req, res) => {
    facts(res).route = '/assets/assent.css';
    res.type('css').setHeader('Cache-Control', 'public, max-age=3600');
    res.send(STYLE);
  });
  refuseOtherMethods(router, '/assets/assent.css', ['GET']);
  return router;
}
