import type { z } from 'zod';
import type { Reply } from './route';

/** A reply that consists of counts alone, so that a repeated Idempotency-Key can be answered the same counts. */
export const remembering = (counts: Readonly<Record<string, number>>): Reply => ({
  status: 200,
  body: counts,
  remember: JSON.stringify(counts),
});

/** What the first call answered. */
export const recall = (schema: z.ZodType, remembered: string, status = 200): Promise<Reply> =>
  Promise.resolve({ status, body: schema.parse(JSON.parse(remembered)) });
