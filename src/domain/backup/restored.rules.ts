import { createHash } from 'node:crypto';
import { z } from 'zod';

/**
 * Nobody carries it. A draft whose audience cannot be brought back gets this one, so that it reaches nobody until somebody has chosen anew,
 * instead of everybody.
 */
export const NOBODY_YET = 'choose an audience';
/** Above it a person must say each time that they take the risk. */
const MOST_RATE = 40;

/**
 * The id of what comes back from an archive: the same each time for one account, so that an import has its effect once, and never
 * that of the original, which may still be there in another account.
 */
export function restoredUuid(accountUuid: string, originalUuid: string): string {
  const hash = createHash('sha256').update(`assent/restored/v1|${accountUuid}|${originalUuid.toLowerCase()}`).digest();
  const bytes = hash.subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

const pageSchema = z.object({
  page_id: z.string(),
  state: z.string(),
  opt_in_mode: z.string(),
  basis: z.string(),
  addresses_eea: z.boolean(),
  rate_per_second: z.int(),
  time_zone: z.string(),
});

export interface RestoredPage {
  readonly metaPageId: string;
  /** In the form of a request to change a Page. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/**
 * What of `settings.json` comes back. A stricter way of consent does, a looser one is a decision of today; a wording, and a rate that is
 * a risk, are set by hand.
 */
export function restoredPages(settings: unknown): RestoredPage[] {
  const parsed = z.object({ pages: z.array(pageSchema) }).safeParse(settings);
  if (!parsed.success) return [];
  return parsed.data.pages
    .filter(({ state }) => state !== 'disconnected')
    .map((page) => ({
      metaPageId: page.page_id,
      settings: {
        time_zone: page.time_zone,
        rate_per_second: Math.min(page.rate_per_second, MOST_RATE),
        ...(page.opt_in_mode === 'explicit'
          ? { opt_in_mode: 'explicit', basis: page.basis, addresses_eea: page.addresses_eea }
          : {}),
      },
    }));
}

export const restoredTag = (line: unknown): string | null => {
  const parsed = z.object({ name: z.string() }).safeParse(line);
  return parsed.success ? parsed.data.name : null;
};

const broadcastSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  purpose: z.string(),
  page_ids: z.array(z.string()).min(1),
  message: z.unknown(),
  audience: z.looseObject({ lead_ids: z.array(z.string()).optional(), not_in_broadcast: z.uuid().optional() }),
  schedule: z.object({ at: z.iso.datetime({ offset: true }) }).nullable(),
  rate_per_second: z.int().nullable(),
  start_delay_seconds: z.int(),
});

export interface RestoredBroadcast {
  readonly originalUuid: string;
  readonly pageIds: readonly string[];
  /** A broadcast that its audience leaves out, by its id in the archive. */
  readonly notIn: string | null;
  /** The people it was for have other ids now, if they are here at all. */
  readonly namesPeople: boolean;
  /** In the form of a request for a new broadcast, but for `notIn`. */
  readonly body: Readonly<Record<string, unknown>> & { readonly audience: Readonly<Record<string, unknown>> };
}

/** A line of `content/broadcasts/` as a draft; null for what is none. A start that has passed is left out. */
export function restoredBroadcast(line: unknown, now: Date): RestoredBroadcast | null {
  const parsed = broadcastSchema.safeParse(line);
  if (!parsed.success) return null;
  const { id, schedule, audience, ...fields } = parsed.data;
  const { lead_ids: leadIds, not_in_broadcast: notIn, ...filter } = audience;
  const isToCome = schedule !== null && new Date(schedule.at) > now;
  return {
    originalUuid: id,
    pageIds: fields.page_ids,
    notIn: notIn ?? null,
    namesPeople: leadIds !== undefined,
    body: {
      name: fields.name,
      purpose: fields.purpose,
      page_ids: fields.page_ids,
      message: fields.message,
      rate_per_second: fields.rate_per_second,
      start_delay_seconds: fields.start_delay_seconds,
      schedule: isToCome ? { at: schedule.at } : null,
      audience: leadIds === undefined ? filter : { ...filter, tags_all: [NOBODY_YET] },
    },
  };
}
