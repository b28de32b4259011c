import { z } from 'zod';
import type { makePreviewRetention } from '../domain/retention';
import { RETENTION_EXAMPLE } from './examples';
import { privateRoute, type Route } from './route';
import { timestamp } from './schemas';

export interface RetentionApi {
  readonly preview: ReturnType<typeof makePreviewRetention>;
}

const previewSchema = z
  .object({
    at: timestamp,
    rules: z.array(
      z.object({
        rule: z.enum(['silent_people', 'people_who_left', 'receipts', 'security_log']),
        sentence: z.string(),
        before: timestamp.meta({ description: 'What is older goes' }),
        count: z.int(),
      }),
    ),
  })
  .meta({ id: 'RetentionPreview', example: RETENTION_EXAMPLE });

export const retentionRoutes = (api: RetentionApi): Route[] => [
  privateRoute({
    method: 'get',
    path: '/v1/retention',
    tag: 'account',
    scope: 'leads:read',
    summary: 'What would go by age at a moment, now if none is given. A dry run: it changes nothing',
    query: z.strictObject({ at: timestamp.optional() }),
    replies: { 200: { description: 'Counts, by rule', schema: previewSchema } },
    handle: async ({ principal, query }) => {
      const at = query.at === undefined ? {} : { at: new Date(query.at) };
      const preview = await api.preview({ accountId: principal.accountId, ...at });
      const rules = preview.rules.map(({ before, ...rule }) => ({ ...rule, before: before.toISOString() }));
      return { status: 200, body: { at: preview.at.toISOString(), rules } };
    },
  }),
];
