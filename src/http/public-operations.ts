import { z } from 'zod';
import { accessSchema } from './access.routes';
import type { DocumentedReply, Method } from './route';

/** An address that needs no API key. Its router answers it; this describes it, and a test holds the two together. */
export interface PublicOperation {
  readonly method: Method;
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  /** How the caller is known instead of by an API key. */
  readonly auth: 'none' | 'verify token' | 'signature' | 'link token';
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: { readonly contentType: string; readonly schema: z.ZodType; readonly example?: unknown };
  readonly replies: Readonly<Record<number, DocumentedReply>>;
}

const aPage = (description: string): DocumentedReply => ({
  description,
  schema: z.string(),
  contentType: 'text/html',
  example: '<!doctype html>…',
});
const pageReplies = (found: string, unknown: string): PublicOperation['replies'] => ({
  200: aPage(found),
  404: aPage(unknown),
});
const checks = z
  .object({ status: z.enum(['ready', 'not_ready']), checks: z.record(z.string(), z.enum(['ok', 'failed'])) })
  .meta({ id: 'Readiness', example: { status: 'ready', checks: { database: 'ok', queue: 'ok', keys: 'ok' } } });
const token = z.object({ token: z.string() });

/** Every address outside the list of API routes. */
export const PUBLIC_OPERATIONS: readonly PublicOperation[] = [
  {
    method: 'get',
    path: '/healthz',
    tag: 'operations',
    summary: 'Whether the process lives',
    auth: 'none',
    replies: {
      200: {
        description: 'It does',
        schema: z
          .object({ status: z.literal('ok'), version: z.string() })
          .meta({ id: 'Health', example: { status: 'ok', version: '0.1.0' } }),
      },
    },
  },
  {
    method: 'get',
    path: '/readyz',
    tag: 'operations',
    summary: 'Whether traffic may be sent here: database, queue, keys',
    auth: 'none',
    replies: { 200: { description: 'Ready', schema: checks }, 503: { description: 'Not ready', schema: checks } },
  },
  {
    method: 'get',
    path: '/metrics',
    tag: 'operations',
    summary: 'Prometheus metrics; they name nobody',
    auth: 'none',
    replies: {
      200: { description: 'Metrics', schema: z.string(), contentType: 'text/plain', example: 'assent_due_rows 0\n' },
    },
  },
  {
    method: 'get',
    path: '/v1/openapi.json',
    tag: 'operations',
    summary: 'This document',
    auth: 'none',
    replies: {
      200: {
        description: 'OpenAPI 3.1',
        schema: z.looseObject({ openapi: z.string() }).meta({ id: 'OpenApi', example: { openapi: '3.1.0' } }),
      },
    },
  },
  {
    method: 'get',
    path: '/',
    tag: 'operations',
    summary: 'Leads to the document for people',
    auth: 'none',
    replies: { 302: { description: 'To `/docs`' } },
  },
  {
    method: 'get',
    path: '/docs',
    tag: 'operations',
    summary: 'This document for people',
    auth: 'none',
    replies: { 200: aPage('A page') },
  },
  {
    method: 'get',
    path: '/assets/assent.css',
    tag: 'operations',
    summary: 'Style of the pages',
    auth: 'none',
    replies: { 200: { description: 'CSS', schema: z.string(), contentType: 'text/css', example: 'body{margin:0}' } },
  },
  {
    method: 'get',
    path: '/webhook',
    tag: 'webhook',
    summary: 'The handshake by which Meta accepts this address',
    auth: 'verify token',
    query: z.object({ 'hub.mode': z.string(), 'hub.verify_token': z.string(), 'hub.challenge': z.string() }),
    replies: {
      200: { description: 'The challenge', schema: z.string(), contentType: 'text/plain', example: '1158201444' },
      403: { description: 'Another token; no body' },
    },
  },
  {
    method: 'post',
    path: '/webhook',
    tag: 'webhook',
    summary: 'Takes events from Meta and keeps the exact bytes',
    auth: 'signature',
    headers: z.object({ 'X-Hub-Signature-256': z.string() }),
    body: {
      contentType: 'application/json',
      schema: z.looseObject({ object: z.string(), entry: z.array(z.unknown()) }).meta({ id: 'WebhookBody' }),
      example: { object: 'page', entry: [] },
    },
    replies: {
      200: { description: 'Durable' },
      403: { description: 'Not signed by Meta; no body' },
      500: { description: 'Not durable: deliver again' },
    },
  },
  {
    method: 'get',
    path: '/n/{token}',
    tag: 'person',
    summary: 'The page of one person: what is kept, and a button that unsubscribes. Changes nothing',
    auth: 'link token',
    params: token,
    replies: pageReplies('The page', 'Unknown link'),
  },
  {
    method: 'post',
    path: '/n/{token}',
    tag: 'person',
    summary: 'Unsubscribes the person',
    auth: 'link token',
    params: token,
    replies: pageReplies('The page as it is now', 'Unknown link'),
  },
  {
    method: 'get',
    path: '/erasure/{code}',
    tag: 'erasures',
    summary: 'How far an erasure is, and its certificate. Names nobody',
    auth: 'none',
    params: z.object({ code: z.string() }),
    replies: pageReplies('The page', 'Unknown code'),
  },
  {
    method: 'get',
    path: '/n/{token}/consent',
    tag: 'person',
    summary: 'What one person agreed to and took back, each act with its place in the signed log. Changes nothing',
    auth: 'link token',
    params: token,
    replies: pageReplies('The page', 'Unknown link'),
  },
  {
    method: 'get',
    path: '/v1/privacy/data-map',
    tag: 'privacy',
    summary: 'Everything the program keeps: what, about whom, what for, in which form, how long',
    auth: 'none',
    replies: {
      200: {
        description: 'The map',
        schema: z
          .object({
            data: z.array(
              z.object({
                name: z.string(),
                kind: z.enum(['table', 'job', 'log', 'metric', 'queue', 'file', 'cache']),
                holds: z.string(),
                retention: z.string(),
                fields: z.array(
                  z.object({
                    name: z.string(),
                    about: z.enum(['person', 'account', 'nobody']),
                    class: z.enum(['identifier', 'contact', 'content', 'technical', 'none']),
                    form: z.string(),
                    purpose: z.string(),
                  }),
                ),
              }),
            ),
          })
          .meta({
            id: 'DataMap',
            example: {
              data: [
                {
                  name: 'lead_key',
                  kind: 'table',
                  holds: 'The key of one person, and what names them.',
                  retention: 'Until the person is erased, or the account is deleted.',
                  fields: [
                    {
                      name: 'psid_ct',
                      about: 'person',
                      class: 'identifier',
                      form: 'ciphertext under the key of the person',
                      purpose: 'The page-scoped id, which a message must name.',
                    },
                  ],
                },
              ],
            },
          }),
      },
    },
  },
  {
    method: 'get',
    path: '/privacy',
    tag: 'privacy',
    summary: 'The same for people',
    auth: 'none',
    replies: { 200: aPage('The page') },
  },
  ...(['data-deletion', 'deauthorize'] as const).map(metaOperation),
  ...(['get', 'post'] as const).map((method): PublicOperation => ({
    method,
    path: '/account-deletion/{token}',
    tag: 'account',
    summary:
      method === 'get'
        ? 'The page behind the mailed link: what would be deleted, and a button; after the yes, where the deletion is shown. Changes nothing'
        : 'The yes: deletes the account for good. Said again, it answers where the deletion is shown',
    auth: 'link token',
    params: token,
    replies: pageReplies('The page', 'A link that does not count'),
  })),
  {
    method: 'get',
    path: '/n/{token}/data',
    tag: 'person',
    summary: 'Everything that is kept about one person, for them to read. Changes nothing',
    auth: 'link token',
    params: token,
    replies: pageReplies('The page', 'Unknown link'),
  },
  {
    method: 'get',
    path: '/n/{token}/data.json',
    tag: 'person',
    summary: 'The same as a file, in the form of `GET /v1/leads/{id}/export`',
    auth: 'link token',
    params: token,
    replies: {
      200: { description: 'The file', schema: accessSchema },
      404: aPage('Unknown link'),
    },
  },
];

/** A form that Meta posts when somebody asks for the deletion of their data at Facebook, or takes the app off. */
function metaOperation(name: 'data-deletion' | 'deauthorize'): PublicOperation {
  const confirmation = z.object({ url: z.string(), confirmation_code: z.string() }).meta({
    id: 'DeletionConfirmation',
    example: {
      url: 'https://bot.example.com/erasure/3f9c2b7d0a1e4c58b6d7e8f901234567',
      confirmation_code: '3f9c2b7d0a1e4c58b6d7e8f901234567',
    },
  });
  const isDeletion = name === 'data-deletion';
  return {
    method: 'post',
    path: `/meta/${name}`,
    tag: 'webhook',
    summary: isDeletion
      ? 'Data deletion request callback of Meta: answers a code and a page about it'
      : 'Deauthorize callback of Meta: the tokens of all Pages are checked',
    auth: 'signature',
    body: {
      contentType: 'application/x-www-form-urlencoded',
      schema: z.object({ signed_request: z.string() }).meta({ id: 'SignedRequestForm' }),
      example: { signed_request: 'c2lnbmF0dXJl.cGF5bG9hZA' },
    },
    replies: {
      200: isDeletion ? { description: 'Taken', schema: confirmation } : { description: 'Taken; no body' },
      400: { description: 'No signed request' },
      403: { description: 'Signed by none of our app secrets, or not within the last two days' },
    },
  };
}
