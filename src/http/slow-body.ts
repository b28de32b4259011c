import type { IncomingMessage } from 'node:http';

/** So long a request may take to arrive, unless it is an upload. */
export const BODY_MS = 30_000;

const timers = new WeakMap<IncomingMessage, NodeJS.Timeout>();

/** Cuts the connection of a request that does not arrive in time. */
export function limitBody(req: IncomingMessage, afterMs: number = BODY_MS): void {
  const timer = setTimeout(() => {
    if (!req.complete) req.socket.destroy();
  }, afterMs);
  timer.unref();
  timers.set(req, timer);
  req.once('close', () => {
    clearTimeout(timer);
  });
}

/** For an upload of somebody who may send one: it takes as long as it takes, up to the limit of the server. */
export function allowSlowBody(req: IncomingMessage): void {
  clearTimeout(timers.get(req));
}
