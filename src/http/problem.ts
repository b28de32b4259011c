import { z } from 'zod';
import type { FieldError } from '../kernel/errors';

/** RFC 9457 problem details, with what a caller can act on. */
export const problemSchema = z
  .object({
    type: z
      .string()
      .meta({ description: 'Where this kind of problem is explained', example: '/docs#problem-validation_failed' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    request_id: z.string(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
    allowed: z
      .array(z.string())
      .optional()
      .meta({ description: 'For `broadcast_state`: the states in which the call is possible' }),
    meta_code: z.int().optional().meta({ description: "Meta's error code" }),
    meta_subcode: z.int().optional(),
  })
  .meta({
    id: 'Problem',
    example: {
      type: '/docs#problem-validation_failed',
      title: 'The request has invalid fields',
      status: 422,
      detail: 'the request has fields that are missing, unknown or out of range',
      request_id: 'b9a7f0a2-6b0e-4d0c-9a3f-0f6a1c7d2e55',
      errors: [{ pointer: '/page_ids', detail: 'must name 1 to 100 Pages' }],
    },
  });

export type Problem = z.infer<typeof problemSchema>;

export interface ProblemInput {
  readonly code: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly requestId: string;
  readonly errors?: readonly FieldError[];
  readonly allowed?: readonly string[] | undefined;
  readonly metaCode?: number | null;
  readonly metaSubcode?: number | null;
}

export function problemBody(input: ProblemInput): Problem {
  return {
    type: `/docs#problem-${input.code}`,
    title: input.title,
    status: input.status,
    detail: input.detail,
    request_id: input.requestId,
    ...(input.errors === undefined || input.errors.length === 0
      ? {}
      : { errors: input.errors.map((error) => ({ ...error })) }),
    ...(input.allowed === undefined ? {} : { allowed: [...input.allowed] }),
    ...(typeof input.metaCode === 'number' ? { meta_code: input.metaCode } : {}),
    ...(typeof input.metaSubcode === 'number' ? { meta_subcode: input.metaSubcode } : {}),
  };
}
