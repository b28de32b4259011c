import type { NextFunction, Request, Response } from 'express';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/**
 * The sandbox acts without a login, so that no other site may reach it through the developer's browser: not by a
 * cross-site request, and not by a host name that was re-pointed at loopback.
 */
export function sameOriginOnly(req: Request, res: Response, next: NextFunction): void {
  const host = req.headers.host ?? '';
  // A reverse proxy that passes our own loopback name on as Host gives itself away by what it adds.
  const isForwarded = Object.keys(req.headers).some((name) => name === 'forwarded' || name.startsWith('x-forwarded-'));
  if (isForwarded || !LOOPBACK.test(host))
    return void res.status(403).json({ error: 'The sandbox answers on loopback only.' });
  if (req.method !== 'GET' && req.method !== 'HEAD' && isForeign(req, host)) {
    return void res.status(403).json({ error: 'A request from another origin is refused.' });
  }
  next();
}

function isForeign(req: Request, host: string): boolean {
  const site = req.headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site') return true;
  const { origin } = req.headers;
  return origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`;
}
