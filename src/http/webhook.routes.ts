import { timingSafeEqual, createHash } from 'node:crypto';
import { raw, Router } from 'express';
import type { Log } from '../kernel/log';
import { faultFields } from './error-map';
import { refuseOtherMethods } from './other-methods';
import { facts } from './router';

/** Meta's own bodies have been seen above 300 KB; a smaller limit would break the signature and the deliveries. */
export const MAX_WEBHOOK_BYTES = 1024 * 1024;

export interface WebhookDeps {
  readonly verifyToken: string;
  /** The short id of the app secret that signed the bytes, or null. */
  readonly signedBy: (bytes: Buffer, header: string | undefined) => string | null;
  /** Resolves once the bytes are durable. */
  readonly store: (delivery: { bytes: Buffer; header: string; secretId: string }) => Promise<void>;
  readonly count: (result: 'stored' | 'refused' | 'failed') => void;
  readonly log: Log;
}

/** Receives Messenger webhooks: prove who sent the bytes, keep the bytes, answer. A worker gives them meaning. */
export function webhookRoutes(deps: WebhookDeps): Router {
  const router = Router();

  router.get('/webhook', (req, res) => {
    facts(res).route = '/webhook';
    const challenge = req.query['hub.challenge'];
    const token = req.query['hub.verify_token'];
    const granted =
      req.query['hub.mode'] === 'subscribe' && typeof token === 'string' && sameText(token, deps.verifyToken);
    if (!granted || typeof challenge !== 'string') {
      res.status(403).end();
      return;
    }
    // Plain text, so that an echoed challenge cannot act as HTML.
    res.status(200).type('text/plain').send(challenge);
  });

  router.post('/webhook', raw({ type: () => true, limit: MAX_WEBHOOK_BYTES, inflate: false }), async (req, res) => {
    facts(res).route = '/webhook';
    const bytes = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
    const header = req.get('x-hub-signature-256');
    const secretId = deps.signedBy(bytes, header);
    if (secretId === null || header === undefined) {
      deps.count('refused');
      res.status(403).end(); // no word: an answer that names the expected value would sign forgeries for free
      return;
    }
    try {
      await deps.store({ bytes, header, secretId });
    } catch (error) {
      deps.count('failed');
      deps.log.error('webhook.not_stored', faultFields(error));
      res.status(500).end(); // Meta delivers again
      return;
    }
    deps.count('stored');
    res.status(200).end();
  });

  refuseOtherMethods(router, '/webhook', ['GET', 'POST']);
  return router;
}

/** Constant time for any two lengths: both sides are hashed first. */
function sameText(left: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
