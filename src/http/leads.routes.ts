import { z } from 'zod';
import type { HistoryEntry, makeConsentHistory } from '../domain/consent';
import type { LeadView, makeGetLead, makeListLeads, makeLookupLead, makeSetTags, makeTagLeads } from '../domain/leads';
import type { makeUnsubscribeLead } from '../domain/unsubscribe';
import { CONSENT_ENTRY_EXAMPLE, LEAD_EXAMPLE } from './examples';
import { recall, remembering } from './remembered';
import { privateRoute, type Route } from './route';
import { isoOrNull, listOf, listQuery, listReply, metaPageId, pageRef, psid, timestamp, uuid } from './schemas';

export interface LeadsApi {
  readonly list: ReturnType<typeof makeListLeads>;
  readonly get: ReturnType<typeof makeGetLead>;
  readonly lookup: ReturnType<typeof makeLookupLead>;
  readonly setTags: ReturnType<typeof makeSetTags>;
  readonly tagLeads: ReturnType<typeof makeTagLeads>;
  readonly unsubscribe: ReturnType<typeof makeUnsubscribeLead>;
  readonly history: ReturnType<typeof makeConsentHistory>;
}

const tag = 'leads';
const params = z.object({ id: uuid });
const status = z.enum(['subscribed', 'unsubscribed', 'reply_only', 'suppressed', 'unreachable']);
const tagName = z.string().min(1).max(64);

const leadSchema = z
  .object({
    id: uuid,
    page_id: metaPageId,
    status: status.meta({ description: '`unreachable`: subscribed, but Meta says the person cannot be written to' }),
    tags: z.array(z.string()),
    opted_in_at: timestamp.nullable(),
    withdrawn_at: timestamp.nullable(),
    last_inbound_at: timestamp.nullable(),
    notice_shown_at: timestamp.nullable(),
    unreachable_at: timestamp.nullable(),
    created_at: timestamp,
  })
  .meta({ id: 'Lead', example: LEAD_EXAMPLE });

const historySchema = z
  .object({
    entry_id: uuid,
    kind: z.string(),
    n: z.int().meta({ description: 'Position in the chain of this person' }),
    at: timestamp,
    event_at: timestamp.nullable().meta({ description: 'When the person acted' }),
    via: z.string().nullable(),
    state: z.string().nullable(),
    purposes: z.array(z.string()),
    basis: z.string().nullable(),
    notice: z.object({ version: z.int(), language: z.string(), sha256: z.string() }).nullable(),
    commitment: z
      .string()
      .meta({ description: 'What the ledger holds of this entry: SHA-256(SHA-256(body) || nonce)' }),
  })
  .meta({ id: 'ConsentEntry', example: CONSENT_ENTRY_EXAMPLE });

const presentEntry = (entry: HistoryEntry): z.infer<typeof historySchema> => ({
  entry_id: entry.entryId,
  kind: entry.kind,
  n: entry.n,
  at: entry.at,
  event_at: entry.eventAt,
  via: entry.via,
  state: entry.state,
  purposes: [...entry.purposes],
  basis: entry.basis,
  notice: entry.notice === null ? null : { ...entry.notice },
  commitment: entry.commitment,
});

const present = (lead: LeadView): z.infer<typeof leadSchema> => ({
  id: lead.uuid,
  page_id: lead.metaPageId,
  status: lead.status === 'subscribed' && lead.unreachableAt !== null ? 'unreachable' : lead.status,
  tags: [...lead.tags],
  opted_in_at: isoOrNull(lead.optedInAt),
  withdrawn_at: isoOrNull(lead.withdrawnAt),
  last_inbound_at: isoOrNull(lead.lastInboundAt),
  notice_shown_at: isoOrNull(lead.noticeShownAt),
  unreachable_at: isoOrNull(lead.unreachableAt),
  created_at: lead.createdAt.toISOString(),
});

export function leadsRoutes(api: LeadsApi): Route[] {
  return [...readRoutes(api), ...tagRoutes(api), ...consentRoutes(api)];
}

function readRoutes(api: LeadsApi): Route[] {
  return [
    privateRoute({
      method: 'get',
      path: '/v1/leads',
      tag,
      scope: 'leads:read',
      summary: 'Leads of the account, newest first',
      query: z.strictObject({
        ...listQuery,
        page_id: pageRef.optional(),
        status: status.optional(),
        tag: tagName.optional(),
      }),
      replies: { 200: { description: 'Leads', schema: listOf(leadSchema) } },
      handle: async ({ principal, query }) => {
        const found = await api.list({
          accountId: principal.accountId,
          limit: query.limit,
          cursor: query.cursor,
          page: query.page_id,
          status: query.status,
          tag: query.tag,
        });
        return listReply(found.leads.map(present), found.nextCursor);
      },
    }),
    privateRoute({
      method: 'post',
      path: '/v1/leads/lookup',
      tag,
      scope: 'leads:read',
      summary: 'The lead of a page-scoped id',
      description: 'A POST, because a page-scoped id may not stand in an address',
      body: z.strictObject({ page_id: pageRef, psid }).meta({ id: 'LookupLead' }),
      bodyExample: { page_id: '104857600000001', psid: '6230000000000001' },
      problems: [404],
      replies: { 200: { description: 'The lead', schema: leadSchema } },
      replay: 'again',
      handle: async ({ principal, body }) => ({
        status: 200,
        body: present(await api.lookup({ accountId: principal.accountId, page: body.page_id, psid: body.psid })),
      }),
    }),
    privateRoute({
      method: 'get',
      path: '/v1/leads/{id}',
      tag,
      scope: 'leads:read',
      summary: 'One lead',
      params,
      problems: [404, 410],
      replies: { 200: { description: 'The lead', schema: leadSchema } },
      handle: async ({ principal, params: { id } }) => ({
        status: 200,
        body: present(await api.get({ accountId: principal.accountId, leadUuid: id })),
      }),
    }),
  ];
}

const taggedSchema = z
  .object({
    changed: z.int(),
    not_found: z.int(),
    refused: z.int().meta({ description: 'Would have had too many tags' }),
  })
  .meta({ id: 'TaggedLeads', example: { changed: 1, not_found: 0, refused: 0 } });

function tagRoutes(api: LeadsApi): Route[] {
  return [
    privateRoute({
      method: 'put',
      path: '/v1/leads/{id}/tags',
      tag,
      scope: 'leads:write',
      summary: 'Gives a lead exactly these tags',
      params,
      body: z.strictObject({ tags: z.array(tagName).max(100) }).meta({ id: 'SetTags' }),
      bodyExample: { tags: ['newsletter', 'berlin'] },
      problems: [404, 410],
      replies: { 200: { description: 'The lead', schema: leadSchema } },
      handle: async ({ principal, params: { id }, body }) => {
        await api.setTags({ accountId: principal.accountId, leadUuid: id, tags: body.tags });
        return { status: 200, body: present(await api.get({ accountId: principal.accountId, leadUuid: id })) };
      },
    }),
    privateRoute({
      method: 'post',
      path: '/v1/leads/tags',
      tag,
      scope: 'leads:write',
      summary: 'Adds and removes tags of up to 1,000 leads',
      body: z
        .strictObject({
          lead_ids: z.array(uuid).min(1).max(1_000),
          add: z.array(tagName).max(100).default([]),
          remove: z.array(tagName).max(100).default([]),
        })
        .meta({ id: 'TagLeads' }),
      bodyExample: { lead_ids: ['0b0f2f5e-3c5c-4a53-8a3d-6f6f2c3f5a10'], add: ['newsletter'], remove: [] },
      replies: { 200: { description: 'What changed', schema: taggedSchema } },
      replay: (_call, remembered) => recall(taggedSchema, remembered),
      handle: async ({ principal, body }) => {
        const { changed, notFound, refused } = await api.tagLeads({
          accountId: principal.accountId,
          leadUuids: body.lead_ids,
          add: body.add,
          remove: body.remove,
        });
        return remembering({ changed, not_found: notFound, refused });
      },
    }),
  ];
}

function consentRoutes(api: LeadsApi): Route[] {
  return [
    privateRoute({
      method: 'post',
      path: '/v1/leads/{id}/unsubscribe',
      tag,
      scope: 'leads:write',
      summary: 'Unsubscribes a lead at once',
      description:
        'One transaction: ledger entry, state, and every pending delivery skipped. Unsubscribing twice changes nothing',
      params,
      problems: [404, 410],
      replies: { 200: { description: 'The lead', schema: leadSchema } },
      replay: async ({ principal, params: { id } }) => ({
        status: 200,
        body: present(await api.get({ accountId: principal.accountId, leadUuid: id })),
      }),
      handle: async ({ principal, params: { id } }) => {
        await api.unsubscribe({ accountId: principal.accountId, leadUuid: id, via: 'api' });
        return { status: 200, body: present(await api.get({ accountId: principal.accountId, leadUuid: id })) };
      },
    }),
    privateRoute({
      method: 'get',
      path: '/v1/leads/{id}/consent',
      tag,
      scope: 'leads:read',
      summary: 'Consent history of a lead',
      params,
      problems: [404, 410],
      replies: { 200: { description: 'Entries in order', schema: listOf(historySchema) } },
      handle: async ({ principal, params: { id } }) => {
        const entries = await api.history({ accountId: principal.accountId, leadUuid: id });
        return listReply(entries.map(presentEntry), null);
      },
    }),
  ];
}
