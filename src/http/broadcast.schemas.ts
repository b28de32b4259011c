import { z } from 'zod';
import type { Principal } from '../domain/accounts';
import type { BroadcastInput, BroadcastStats, BroadcastSummary, BroadcastView } from '../domain/broadcasts';
import { BROADCAST_EXAMPLE, BROADCAST_SUMMARY_EXAMPLE } from './examples';
import { isoOrNull, metaPageId, pageRef, timestamp, uuid } from './schemas';

const url = z.string().max(2_000);
const button = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('url'), title: z.string(), url }),
    z.strictObject({ type: z.literal('postback'), title: z.string(), payload: z.string() }),
  ])
  .meta({ id: 'Button', description: 'At most two of your own: the Unsubscribe button is added to every message' });
const attachment = z
  .strictObject({
    type: z.enum(['image', 'video', 'audio', 'file']),
    url: url.optional(),
    attachment_id: z.string().max(40).optional(),
  })
  .meta({ id: 'Attachment' });
const element = z
  .strictObject({
    title: z.string(),
    subtitle: z.string().optional(),
    image_url: url.optional(),
    url: url.optional(),
    buttons: z.array(button).optional(),
  })
  .meta({ id: 'Element' });
const message = z
  .strictObject({
    text: z.string().max(10_000).optional(),
    attachment: attachment.optional(),
    elements: z.array(element).max(50).optional(),
    buttons: z.array(button).max(50).optional(),
    template: z.unknown().optional().meta({ description: 'Not available yet' }),
  })
  .meta({
    id: 'Message',
    description: 'Exactly one of text, attachment and elements. `{{first_name|there}}` personalises with a fall-back',
  });

const names = z.array(z.string());
export const audienceBody = z
  .strictObject({
    tags_any: names.optional(),
    tags_all: names.optional(),
    tags_none: names.optional(),
    refs_any: names.optional(),
    lead_ids: z.array(uuid).max(1_000).optional(),
    opted_in_after: timestamp.optional(),
    last_inbound_after: timestamp.optional(),
    window: z.enum(['open', 'any']).optional(),
    locales: names.optional(),
    not_in_broadcast: uuid.optional(),
  })
  .meta({ id: 'Audience', description: 'Everything given must hold; nothing given means everybody of the Pages' });

const schedule = z
  .strictObject({
    at: timestamp.optional(),
    at_local: z.string().optional(),
    fallback_time_zone: z.string().optional(),
  })
  .meta({ id: 'Schedule' });

const fields = {
  name: z.string(),
  purpose: z.enum(['promotional', 'informational', 'utility']).optional(),
  page_ids: z.array(pageRef).min(1).max(100),
  message,
  audience: audienceBody.optional(),
  schedule: schedule.nullable().optional(),
  quiet_hours: z.unknown().optional().meta({ description: 'Not available yet' }),
  out_of_window: z.enum(['skip', 'hold']).optional().meta({ description: '`hold` is not available yet' }),
  hold_until: timestamp.nullable().optional(),
  rate_per_second: z.int().min(1).nullable().optional(),
  start_delay_seconds: z.int().min(0).optional(),
};

export const createBroadcastBody = z
  .strictObject({ ...fields, launch: z.boolean().optional() })
  .meta({ id: 'CreateBroadcast' });
export const updateBroadcastBody = z.strictObject(fields).partial().meta({ id: 'UpdateBroadcast' });

const statsSchema = z
  .object({
    audience: z.int(),
    pending: z.int(),
    sending: z.int(),
    held: z.int(),
    accepted: z.int(),
    rejected: z.int(),
    uncertain: z.int(),
    skipped: z.record(z.string(), z.int()),
    delivered: z.int(),
    read: z.int(),
    clicked: z.int(),
    unsubscribed: z.int(),
  })
  .meta({
    id: 'BroadcastStats',
    description: 'audience = pending + sending + held + accepted + rejected + uncertain + the sum of skipped, always',
  });

const broadcastStatus = z.enum([
  'draft',
  'scheduled',
  'preparing',
  'sending',
  'paused',
  'holding',
  'completed',
  'cancelled',
  'blocked',
]);

export const broadcastSummarySchema = z
  .object({
    id: uuid,
    name: z.string(),
    purpose: z.string(),
    status: broadcastStatus,
    blocked_reason: z.string().nullable(),
    out_of_window: z.enum(['skip', 'hold']),
    schedule: z.object({ at: timestamp }).nullable(),
    start_at: timestamp.nullable(),
    rate_per_second: z.int().nullable(),
    start_delay_seconds: z.int(),
    launched_at: timestamp.nullable(),
    frozen_at: timestamp.nullable(),
    completed_at: timestamp.nullable(),
    cancelled_at: timestamp.nullable(),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: 'BroadcastSummary', example: BROADCAST_SUMMARY_EXAMPLE });

export const broadcastSchema = broadcastSummarySchema
  .extend({
    page_ids: z.array(metaPageId),
    message: z.record(z.string(), z.unknown()),
    audience: z
      .record(z.string(), z.unknown())
      .meta({ description: 'As written; `lead_ids` only for a key that may read leads' }),
    pages: z.array(
      z.object({
        page_id: metaPageId,
        name: z.string(),
        state: z.enum(['open', 'blocked', 'done']),
        blocked_reason: z.string().nullable(),
        stats: statsSchema,
      }),
    ),
    stats: statsSchema,
  })
  .meta({ id: 'Broadcast', example: BROADCAST_EXAMPLE });

type AudienceBody = z.infer<typeof audienceBody>;

export const toAudience = (body: AudienceBody): NonNullable<BroadcastInput['audience']> => ({
  tagsAny: body.tags_any,
  tagsAll: body.tags_all,
  tagsNone: body.tags_none,
  refsAny: body.refs_any,
  leadIds: body.lead_ids,
  optedInAfter: dateOf(body.opted_in_after),
  lastInboundAfter: dateOf(body.last_inbound_after),
  window: body.window,
  locales: body.locales,
  notInBroadcast: body.not_in_broadcast,
});

const dateOf = (text: string | undefined): Date | undefined => (text === undefined ? undefined : new Date(text));

/** Absent fields stay absent: a change must not touch what it does not name. */
export function toBroadcastPatch(body: z.infer<typeof updateBroadcastBody>) {
  return {
    name: body.name,
    purpose: body.purpose,
    pageIds: body.page_ids,
    message: body.message,
    audience: body.audience === undefined ? undefined : toAudience(body.audience),
    schedule:
      body.schedule == null
        ? body.schedule
        : {
            at: dateOf(body.schedule.at),
            atLocal: body.schedule.at_local,
            fallbackTimeZone: body.schedule.fallback_time_zone,
          },
    quietHours: body.quiet_hours,
    outOfWindow: body.out_of_window,
    holdUntil: body.hold_until,
    ratePerSecond: body.rate_per_second,
    startDelaySeconds: body.start_delay_seconds,
  };
}

export const toNewBroadcast = ({ launch, ...body }: z.infer<typeof createBroadcastBody>) => ({
  ...toBroadcastPatch(body),
  name: body.name,
  pageIds: body.page_ids,
  message: body.message,
  launch,
});

export const presentStats = (stats: BroadcastStats): z.infer<typeof statsSchema> => ({
  ...stats,
  skipped: { ...stats.skipped },
});

export function presentSummary(broadcast: BroadcastSummary): z.infer<typeof broadcastSummarySchema> {
  return {
    id: broadcast.uuid,
    name: broadcast.name,
    purpose: broadcast.purpose,
    status: broadcast.status,
    blocked_reason: broadcast.blockedReason,
    out_of_window: broadcast.outOfWindow,
    schedule: broadcast.scheduledAt === null ? null : { at: broadcast.scheduledAt.toISOString() },
    start_at: isoOrNull(broadcast.startAt),
    rate_per_second: broadcast.ratePerSecond,
    start_delay_seconds: broadcast.startDelaySeconds,
    launched_at: isoOrNull(broadcast.launchedAt),
    frozen_at: isoOrNull(broadcast.frozenAt),
    completed_at: isoOrNull(broadcast.completedAt),
    cancelled_at: isoOrNull(broadcast.cancelledAt),
    created_at: broadcast.createdAt.toISOString(),
    updated_at: broadcast.updatedAt.toISOString(),
  };
}

/** Who gets a broadcast is not part of reading broadcasts: named leads are shown only to whoever may read leads. */
export function presentBroadcast(broadcast: BroadcastView, principal: Principal): z.infer<typeof broadcastSchema> {
  return {
    ...presentSummary(broadcast),
    page_ids: broadcast.pages.map((page) => page.metaPageId),
    message: { ...broadcast.message },
    audience: presentAudience(broadcast.audience, principal.scopes.includes('leads:read')),
    pages: broadcast.pages.map((page) => ({
      page_id: page.metaPageId,
      name: page.name,
      state: page.state,
      blocked_reason: page.blockedReason,
      stats: presentStats(page.stats),
    })),
    stats: presentStats(broadcast.stats),
  };
}

function presentAudience(audience: BroadcastView['audience'], withLeads: boolean): Record<string, unknown> {
  const shown = {
    tags_any: audience.tagsAny,
    tags_all: audience.tagsAll,
    tags_none: audience.tagsNone,
    refs_any: audience.refsAny,
    lead_ids: withLeads ? (audience.leadIds ?? undefined) : undefined,
    opted_in_after: audience.optedInAfter?.toISOString(),
    last_inbound_after: audience.lastInboundAfter?.toISOString(),
    window: audience.window,
    locales: audience.locales,
    not_in_broadcast: audience.notInBroadcast,
  };
  return Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== undefined));
}
