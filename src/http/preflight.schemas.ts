import { z } from 'zod';
import type { AudienceCounts, AudienceEstimate, Preflight } from '../domain/broadcasts';
import { audienceBody } from './broadcast.schemas';
import { ESTIMATE_EXAMPLE, PREFLIGHT_EXAMPLE } from './examples';
import { metaPageId, pageRef, timestamp } from './schemas';

export const estimateBody = z
  .strictObject({ page_ids: z.array(pageRef).min(1).max(100), audience: audienceBody.optional() })
  .meta({ id: 'EstimateAudience' });

const counts = {
  audience: z.int(),
  eligible: z.int(),
  paths: z
    .object({ standard: z.int() })
    .meta({ description: 'The eligible ones by the rule that lets them be written to' }),
  skipped: z.record(z.string(), z.int()).meta({ description: 'By reason; audience = eligible + the sum of skipped' }),
};

const judgement = {
  rule_version: z.string().meta({ description: "Which of Meta's dated rules were applied" }),
  evaluated_at: timestamp,
};

export const estimateSchema = z
  .object({ ...counts, pages: z.array(z.object({ page_id: metaPageId, ...counts })), ...judgement })
  .meta({ id: 'AudienceEstimate', example: ESTIMATE_EXAMPLE });

export const preflightSchema = z
  .object({
    ...counts,
    pages: z.array(
      z.object({
        page_id: metaPageId,
        name: z.string(),
        ...counts,
        rate_per_second: z.int(),
        estimated_seconds: z.int(),
        opt_in_proves: z.string(),
      }),
    ),
    ...judgement,
    estimated_seconds: z.int(),
    eligible_at_start: z
      .int()
      .nullable()
      .meta({ description: 'At the planned start, if nothing happened until then; null when it starts at once' }),
    preview: z
      .record(z.string(), z.unknown())
      .meta({ description: "The message in Meta's form, as a person without a known name gets it" }),
    warnings: z.array(z.object({ code: z.string(), detail: z.string(), page_id: metaPageId.nullable() })),
  })
  .meta({ id: 'Preflight', example: PREFLIGHT_EXAMPLE });

const presentCounts = ({ audience, eligible, paths, skipped }: AudienceCounts) => ({
  audience,
  eligible,
  paths: { ...paths },
  skipped: { ...skipped },
});

export const presentEstimate = (estimate: AudienceEstimate): z.infer<typeof estimateSchema> => ({
  ...presentCounts(estimate),
  pages: estimate.pages.map((page) => ({ page_id: page.metaPageId, ...presentCounts(page) })),
  rule_version: estimate.ruleVersion,
  evaluated_at: estimate.evaluatedAt.toISOString(),
});

export function presentPreflight(preflight: Preflight): z.infer<typeof preflightSchema> {
  const metaIds = new Map(preflight.pages.map((page) => [page.uuid, page.metaPageId]));
  return {
    ...presentEstimate(preflight),
    pages: preflight.pages.map((page) => ({
      page_id: page.metaPageId,
      name: page.name,
      ...presentCounts(page),
      rate_per_second: page.ratePerSecond,
      estimated_seconds: page.estimatedSeconds,
      opt_in_proves: page.optInProves,
    })),
    estimated_seconds: preflight.estimatedSeconds,
    eligible_at_start: preflight.eligibleAtStart,
    preview: { ...preflight.preview },
    warnings: preflight.warnings.map(({ code, detail, pageUuid }) => ({
      code,
      detail,
      page_id: pageUuid === null ? null : (metaIds.get(pageUuid) ?? null),
    })),
  };
}
