import { z } from 'zod';
import type { DeliveryView, makeExportDeliveries, makeListDeliveries } from '../domain/broadcasts';
import { DELIVERY_EXAMPLE } from './examples';
import { privateRoute, type Route } from './route';
import { isoOrNull, listOf, listQuery, listReply, metaPageId, timestamp, uuid, wholeNumber } from './schemas';

export interface DeliveriesApi {
  readonly deliveries: ReturnType<typeof makeListDeliveries>;
  readonly exportDeliveries: ReturnType<typeof makeExportDeliveries>;
}

const STATUSES = ['pending', 'sending', 'held', 'accepted', 'rejected', 'uncertain', 'skipped'] as const;
const REASONS = [
  'unsubscribed',
  'no_consent',
  'notice_not_shown',
  'suppressed',
  'unreachable',
  'restricted',
  'window_closed',
  'path_not_configured',
  'frequency_cap',
  'cancelled',
  'erased',
] as const;

const deliverySchema = z
  .object({
    seq: z.int(),
    id: uuid.nullable().meta({ description: 'null until it is claimed for the first time' }),
    page_id: metaPageId,
    lead_id: uuid.nullable().meta({ description: 'null once the lead is erased' }),
    status: z.enum(STATUSES),
    reason: z.enum(REASONS).nullable(),
    path: z.string().nullable(),
    basis: z.string().nullable(),
    consent_entry: uuid.nullable(),
    notice_version: z.int().nullable(),
    rule_version: z.string(),
    attempt: z.int(),
    post_started_at: timestamp.nullable(),
    settled_at: timestamp.nullable(),
    delivered_at: timestamp.nullable(),
    read_at: timestamp.nullable(),
    clicked_at: timestamp.nullable(),
    unsubscribed_at: timestamp.nullable(),
    error_code: z.int().nullable(),
    error_subcode: z.int().nullable(),
  })
  .meta({ id: 'Delivery', example: DELIVERY_EXAMPLE });

const present = (delivery: DeliveryView): z.infer<typeof deliverySchema> => ({
  seq: delivery.seq,
  id: delivery.uuid,
  page_id: delivery.metaPageId,
  lead_id: delivery.leadUuid,
  status: delivery.status,
  reason: delivery.reason,
  path: delivery.path,
  basis: delivery.basis,
  consent_entry: delivery.consentEntry,
  notice_version: delivery.noticeVersion,
  rule_version: delivery.ruleVersion,
  attempt: delivery.attempt,
  post_started_at: isoOrNull(delivery.postStartedAt),
  settled_at: isoOrNull(delivery.settledAt),
  delivered_at: isoOrNull(delivery.deliveredAt),
  read_at: isoOrNull(delivery.readAt),
  clicked_at: isoOrNull(delivery.clickedAt),
  unsubscribed_at: isoOrNull(delivery.unsubscribedAt),
  error_code: delivery.errorCode,
  error_subcode: delivery.errorSubcode,
});

const MAX_SEQ = 2_147_483_647;

/** Who got a broadcast, and by what right. Reading broadcasts is not enough to see it: these are people. */
export function deliveriesRoute(api: DeliveriesApi): Route {
  return privateRoute({
    method: 'get',
    path: '/v1/broadcasts/{id}/deliveries',
    tag: 'broadcasts',
    scope: 'leads:read',
    summary: 'What happened to each person of the audience',
    description:
      'JSON in parts, or with `Accept: text/csv` all of them in one stream (`limit` and `cursor` are then ignored)',
    params: z.object({ id: uuid }),
    query: z.strictObject({
      ...listQuery,
      cursor: wholeNumber(1, MAX_SEQ).optional().meta({ description: '`next_cursor` of the part before' }),
      status: z.enum(STATUSES).optional(),
      reason: z.enum(REASONS).optional(),
    }),
    problems: [404],
    replies: {
      200: { description: 'In the order of the audience', schema: listOf(deliverySchema), alternatives: ['text/csv'] },
    },
    handle: async ({ principal, params: { id }, query, wanted }) => {
      const wish = {
        accountId: principal.accountId,
        broadcastUuid: id,
        status: query.status,
        reason: query.reason,
      };
      if (wanted === 'text/csv') {
        return {
          status: 200,
          contentType: 'text/csv; charset=utf-8',
          headers: { 'Content-Disposition': `attachment; filename="deliveries-${id}.csv"` },
          stream: await api.exportDeliveries(wish),
        };
      }
      const { items, next } = await api.deliveries({ ...wish, limit: query.limit, after: query.cursor ?? null });
      return listReply(items.map(present), next === null ? null : String(next));
    },
  });
}
