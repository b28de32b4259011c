import { Readable } from 'node:stream';
import { z } from 'zod';
import type {
  ExportView,
  makeBroadcastProofs,
  makeLeadBundle,
  makeListExports,
  makeMessageBundle,
  makeRangeProofs,
} from '../domain/proof';
import { privateRoute, type DocumentedReply, type Reply, type Route } from './route';
import { isoOrNull, listOf, listQuery, listReply, pageRef, timestamp, uuid } from './schemas';

export interface ProofsApi {
  readonly ofLead: ReturnType<typeof makeLeadBundle>;
  readonly ofMessage: ReturnType<typeof makeMessageBundle>;
  readonly ofBroadcast: ReturnType<typeof makeBroadcastProofs>;
  readonly ofRange: ReturnType<typeof makeRangeProofs>;
  readonly exports: ReturnType<typeof makeListExports>;
}

const tag = 'proofs';
const ZIP = 'application/zip';
const JSON_TYPE = 'application/json';
const LINES = 'application/x-ndjson';

const bundle = (description: string, alternative: string): Readonly<Record<number, DocumentedReply>> => ({
  200: { description, schema: z.string(), contentType: ZIP, alternatives: [alternative], example: 'PK…' },
});

const formOf = (wanted: string): 'zip' | 'json' => (wanted === JSON_TYPE ? 'json' : 'zip');
const streamFormOf = (wanted: string): 'zip' | 'ndjson' => (wanted === LINES ? 'ndjson' : 'zip');

const EXTENSIONS: Readonly<Record<string, string>> = { [ZIP]: 'zip', [JSON_TYPE]: 'json', [LINES]: 'ndjson' };

function attachment(name: string, contentType: string, stream: AsyncIterable<Buffer>, bytes?: number): Reply {
  const file = `${name}.${EXTENSIONS[contentType] ?? 'bin'}`;
  return {
    status: 200,
    contentType,
    headers: {
      'Content-Disposition': `attachment; filename="${file}"`,
      ...(bytes === undefined ? {} : { 'Content-Length': String(bytes) }),
    },
    stream,
  };
}

/** Proofs of consent for people outside: docs/proof-bundle.md says what is in them, docs/verify.md how to check one. */
export const proofsRoutes = (api: ProofsApi): Route[] => [...personRoutes(api), ...manyRoutes(api), exportsRoute(api)];

function personRoutes(api: ProofsApi): Route[] {
  return [
    privateRoute({
      method: 'get',
      path: '/v1/leads/{id}/proof',
      tag,
      scope: 'proofs:export',
      summary: "The proof of one person's consent",
      description:
        'The whole chain of the person and the newest 500 of their messages, for a stranger to check offline. README.txt in it says how many are left out',
      params: z.object({ id: uuid }),
      problems: [404, 409],
      replies: bundle('The bundle', JSON_TYPE),
      handle: async ({ principal, params: { id }, wanted }) => {
        const bytes = await api.ofLead({ accountId: principal.accountId, leadUuid: id, form: formOf(wanted) });
        return attachment(`proof-${id}`, wanted, Readable.from([bytes]), bytes.length);
      },
    }),
    privateRoute({
      method: 'get',
      path: '/v1/broadcasts/{id}/deliveries/{delivery_id}/proof',
      tag,
      scope: 'proofs:export',
      summary: 'The proof that one message was authorised',
      params: z.object({ id: uuid, delivery_id: uuid }),
      problems: [404, 409],
      replies: bundle('The bundle', JSON_TYPE),
      handle: async ({ principal, params, wanted }) => {
        const { id, delivery_id: deliveryUuid } = params;
        const wish = { accountId: principal.accountId, broadcastUuid: id, deliveryUuid, form: formOf(wanted) };
        const bytes = await api.ofMessage(wish);
        return attachment(`proof-${deliveryUuid}`, wanted, Readable.from([bytes]), bytes.length);
      },
    }),
  ];
}

function manyRoutes(api: ProofsApi): Route[] {
  return [
    privateRoute({
      method: 'get',
      path: '/v1/broadcasts/{id}/proofs',
      tag,
      scope: 'proofs:export',
      summary: 'The proofs of every message of a broadcast that was authorised',
      description: 'A stream of any length. One that ends early breaks the connection, and has no manifest',
      params: z.object({ id: uuid }),
      problems: [404, 409],
      replies: bundle('The bundle', LINES),
      handle: async ({ principal, params: { id }, wanted }) => {
        const form = streamFormOf(wanted);
        const stream = await api.ofBroadcast({ accountId: principal.accountId, broadcastUuid: id, form });
        return attachment(`proofs-${id}`, wanted, stream);
      },
    }),
    privateRoute({
      method: 'get',
      path: '/v1/proofs',
      tag,
      scope: 'proofs:export',
      summary: 'The proofs of everybody of whom something was logged in a range of time',
      description:
        'From `from` on, up to before `to`: opt-ins, withdrawals, all other entries about a person, and messages. The whole chain of each person, and the newest 100 of their messages of that time. A stream of any length',
      query: z.strictObject({
        page_id: pageRef.optional(),
        from: z.iso.datetime({ offset: true }),
        to: z.iso.datetime({ offset: true }).meta({ description: 'Not in the future: 422' }),
      }),
      problems: [404, 409],
      replies: bundle('The bundle', LINES),
      handle: async ({ principal, query, wanted }) => {
        const stream = await api.ofRange({
          accountId: principal.accountId,
          page: query.page_id,
          from: new Date(query.from),
          to: new Date(query.to),
          form: streamFormOf(wanted),
        });
        return attachment('proofs', wanted, stream);
      },
    }),
  ];
}

const exportSchema = z
  .object({
    id: uuid,
    kind: z.enum(['lead', 'message', 'broadcast', 'audit']),
    state: z.enum(['running', 'complete', 'broken']).meta({
      description:
        'A stream is complete once all of it was handed to the network, and broken when the caller hung up. ' +
        'A bundle of one person or message is complete once it is made whole, before its first byte leaves. Neither says that it arrived. Broken is also what a process left behind that died',
    }),
    checkpoint_size: z.int(),
    records: z.int().meta({ description: 'People whose data left' }),
    bytes: z.int(),
    sha256: z.string().nullable().meta({ description: 'Of the whole export; null unless it was complete' }),
    created_at: timestamp,
    finished_at: timestamp.nullable(),
    expires_at: timestamp.meta({ description: 'When this record goes' }),
  })
  .meta({
    id: 'ProofExport',
    example: {
      id: '7c8f0f3b-32a5-4d0e-a9c5-0a7f2f6f1f10',
      kind: 'lead',
      state: 'complete',
      checkpoint_size: 12,
      records: 1,
      bytes: 9_120,
      sha256: '8483d1a82d0a217ad4f0a1a682d21ed5d159998aa34d24747f015c0fc08cf562',
      created_at: '2026-11-23T10:11:12.000Z',
      finished_at: '2026-11-23T10:11:12.040Z',
      expires_at: '2026-12-23T10:11:12.000Z',
    },
  });

const present = (view: ExportView): z.infer<typeof exportSchema> => ({
  id: view.uuid,
  kind: view.kind,
  state: view.state,
  checkpoint_size: view.checkpointSize,
  records: view.records,
  bytes: view.bytes,
  sha256: view.sha256?.toString('hex') ?? null,
  created_at: view.createdAt.toISOString(),
  finished_at: isoOrNull(view.finishedAt),
  expires_at: view.expiresAt.toISOString(),
});

const exportsRoute = (api: ProofsApi): Route =>
  privateRoute({
    method: 'get',
    path: '/v1/proofs/exports',
    tag,
    scope: 'proofs:export',
    summary: 'What was exported in the last 30 days, newest first',
    query: z.strictObject({
      ...listQuery,
      cursor: z
        .string()
        .regex(/^[1-9]\d{0,17}$/)
        .optional()
        .meta({ description: '`next_cursor` of the part before' }),
    }),
    replies: { 200: { description: 'Records of exports', schema: listOf(exportSchema) } },
    handle: async ({ principal, query }) => {
      const { exports, next } = await api.exports({
        accountId: principal.accountId,
        limit: query.limit,
        before: query.cursor ?? null,
      });
      return listReply(exports.map(present), next);
    },
  });
