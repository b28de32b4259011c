import { z } from 'zod';

const generation = z.int().min(0);

export const jobSchemas = {
  'drain-inbox': z.strictObject({ nudge: z.string().max(64) }),
  'freeze-audience': z.strictObject({ broadcastId: z.uuid(), generation }),
  'send-chunk': z.strictObject({
    broadcastId: z.uuid(),
    pageId: z.uuid(),
    generation,
    lane: z.union([z.literal(0), z.literal(1)]),
    turn: generation,
  }),
  'make-backup': z.strictObject({ backupId: z.uuid(), generation }),
  'send-replies': z.strictObject({ pageId: z.uuid(), turn: generation, nudge: z.string().max(64) }),
} as const;
