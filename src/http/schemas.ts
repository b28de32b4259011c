import { z } from 'zod';

/** Parts that several resources share. Field names are snake_case; times are RFC 3339 in UTC. */
export const timestamp = z.iso.datetime({ offset: true }).meta({ example: '2026-11-23T10:11:12.403Z' });
export const uuid = z.uuid();
export const metaPageId = z
  .string()
  .regex(/^\d{1,32}$/, "must be Meta's numeric Page id, as a string")
  .meta({ example: '104857600000001', description: "Meta's Page id" });
/** In addresses and references either id of a Page is understood. */
export const pageRef = z
  .union([metaPageId, uuid], { error: "must be Meta's Page id or the id of the page resource" })
  .meta({
    description: "Meta's Page id, or the `id` of the page resource",
  });
export const psid = z
  .string()
  .regex(/^\d{1,32}$/, 'must be a page-scoped id, as a string of digits')
  .meta({ description: 'Page-scoped id of the person' });

const NOT_WHOLE = 'must be a whole number';
/** A whole number in an address, where everything is text. */
export const wholeNumber = (least: number, most: number) =>
  z.coerce
    .number(NOT_WHOLE)
    .int(NOT_WHOLE)
    .min(least, `must be at least ${String(least)}`)
    .max(most, `must be at most ${String(most)}`);

export const listQuery = {
  limit: wholeNumber(1, 200).default(50),
  cursor: z.string().min(1).max(500).optional().meta({ description: '`next_cursor` of the part before' }),
};

export const pagination = z
  .object({ next_cursor: z.string().nullable(), has_more: z.boolean() })
  .meta({ id: 'Pagination' });

export const listOf = <T extends z.ZodType>(item: T) => z.object({ data: z.array(item), pagination });

export const listReply = <T>(items: readonly T[], nextCursor: string | null) => ({
  status: 200,
  body: { data: items, pagination: { next_cursor: nextCursor, has_more: nextCursor !== null } },
});

export const isoOrNull = (at: Date | null | undefined): string | null => at?.toISOString() ?? null;
