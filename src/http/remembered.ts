import type { z } from 'zod';
import type { Reply } from './route';

/** A reply that consists of counts alone, so that a repeated Idempotency-Key can be answered the same counts. */
export const remembering = (counts: Readonly<Record<string, number>>): Reply => ({
  status: 200,
  body: counts,
  remember: JSON.stringify(counts),
});

/** The counts of the first call. */
export const recall = (schema: z.ZodType, remembered: string): Promise<Reply> =>
  Promise.resolve({ status: 200, body: schema.parse(JSON.parse(remembered)) });
