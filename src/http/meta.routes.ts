import { Router, urlencoded, type Request, type RequestHandler } from 'express';
import type { AskedByMeta } from '../domain/callbacks';
import { HttpError } from './http.errors';
import { refuseOtherMethods } from './other-methods';
import { facts } from './router';

const MOST_BYTES = 8_192;

export type SignedBy = (
  text: string,
) =>
  | { readonly ok: true; readonly request: AskedByMeta }
  | { readonly ok: false; readonly fault: 'malformed' | 'forged' | 'stale' };

export interface MetaRequestsDeps {
  /** Reads a signed request that one of our app secrets signed a short while ago. */
  readonly readRequest: SignedBy;
  /** @returns the confirmation code */
  readonly takeDeletion: (asked: AskedByMeta) => Promise<string>;
  readonly takeDeauthorisation: (asked: AskedByMeta) => Promise<unknown>;
  /** Address of the public page of a code. */
  readonly addressOf: (code: string) => string;
}

/** What Meta asks of the app itself. The body is a form, and the signature in it is what tells Meta from others. */
export function metaRoutes(deps: MetaRequestsDeps): Router {
  const router = Router();
  const form: RequestHandler = urlencoded({ extended: false, limit: MOST_BYTES });
  router.post('/meta/data-deletion', form, async (req, res) => {
    facts(res).route = '/meta/data-deletion';
    const code = await deps.takeDeletion(askedIn(req, deps.readRequest));
    res.json({ url: deps.addressOf(code), confirmation_code: code });
  });
  router.post('/meta/deauthorize', form, async (req, res) => {
    facts(res).route = '/meta/deauthorize';
    await deps.takeDeauthorisation(askedIn(req, deps.readRequest));
    res.status(200).end();
  });
  for (const path of ['/meta/data-deletion', '/meta/deauthorize']) refuseOtherMethods(router, path, ['POST']);
  return router;
}

/** @throws {HttpError} `malformed_body`, `signed_request_refused` */
function askedIn(req: Request, read: SignedBy): AskedByMeta {
  const text = (req.body as { readonly signed_request?: unknown } | undefined)?.signed_request;
  const found = typeof text === 'string' ? read(text) : ({ ok: false, fault: 'malformed' } as const);
  if (found.ok) return found.request;
  throw FAULTS[found.fault]();
}

const FAULTS = {
  malformed: () => new HttpError('malformed_body', 'the form has no signed_request of the form that Meta sends'),
  forged: () => new HttpError('signed_request_refused', 'no app secret of this installation made the signature'),
  stale: () => new HttpError('signed_request_refused', 'the signed request is too old, or lies ahead of our clock'),
} as const;
