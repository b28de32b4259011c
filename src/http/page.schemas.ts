import { z } from 'zod';
import type { PageDetail, PageSettingsChange, PageSetup } from '../domain/pages';
import { PAGE_EXAMPLE } from './examples';
import { isoOrNull, metaPageId, timestamp, uuid } from './schemas';

/** As many as a notice may have; the domain counts those it has together with those of the change. */
const MAX_NOTICE_LANGUAGES = 40;

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM');
const quietHours = z.strictObject({ from: clockTime, to: clockTime }).meta({ id: 'QuietHours' });

const settings = {
  name: z.string().min(1).max(100).optional(),
  opt_in_mode: z.enum(['conversation_start', 'explicit']).optional().meta({
    description:
      '`conversation_start`: starting the conversation is the opt-in. `explicit`: only a tap on a consent button allows broadcasts',
  }),
  opt_in_mode_reason: z.string().max(1_000).optional().meta({
    description:
      'Needed for `conversation_start` on a Page that addresses the EEA, UK or Switzerland; kept in the audit log',
  }),
  addresses_eea: z
    .boolean()
    .optional()
    .meta({ description: 'Whether the Page addresses people in the EEA, the UK or Switzerland' }),
  basis: z
    .string()
    .max(40)
    .optional()
    .meta({ description: 'Legal basis written into every opt-in', example: 'gdpr.6.1.a' }),
  rate_per_second: z.int().min(1).max(300).optional(),
  accept_risk_above_40: z
    .boolean()
    .optional()
    .meta({ description: 'Above 40 messages a second Meta freezes the inbox of a Page and then its sends' }),
  time_zone: z.string().max(64).optional().meta({ example: 'Europe/Berlin' }),
  quiet_hours: z.null({ error: 'is not available yet' }).optional().meta({ description: 'Not available yet' }),
  notice: z
    .record(z.string().regex(/^[a-z]{2,3}(-[A-Za-z]{2,4})?$/), z.string().max(640).nullable())
    .refine((notice) => Object.keys(notice).length <= MAX_NOTICE_LANGUAGES, {
      error: `must name at most ${MAX_NOTICE_LANGUAGES} languages`,
    })
    .optional()
    .meta({
      maxProperties: MAX_NOTICE_LANGUAGES,
      description: 'Language to what will be sent and how often; shown in the welcome after the fixed first sentence',
    }),
};

export const connectPageBody = z
  .strictObject({
    page_id: metaPageId,
    access_token: z.string().min(1).max(1_000),
    ...settings,
    name: z.string().min(1).max(100),
  })
  .meta({ id: 'ConnectPage' });

export const updatePageBody = z
  .strictObject({ access_token: z.string().min(1).max(1_000).optional(), ...settings })
  .meta({ id: 'UpdatePage' });

export const CONNECT_PAGE_EXAMPLE = {
  page_id: '104857600000001',
  name: 'Corner Bakery',
  access_token: 'the token that Meta gave for this Page',
  addresses_eea: true,
  opt_in_mode: 'explicit',
  basis: 'gdpr.6.1.a',
  time_zone: 'Europe/Berlin',
  notice: { en: 'I send our weekly menu and offers, about once a week.' },
};

const metaFault = z.object({
  step: z.string(),
  meta_code: z.int().nullable(),
  meta_subcode: z.int().nullable(),
  message: z.string(),
});

const setupSchema = z
  .object({
    state: z.enum(['complete', 'reduced', 'failed']),
    subscribed_fields: z.array(z.string()),
    lost_fields: z.array(z.string()),
    faults: z.array(metaFault),
  })
  .meta({ id: 'PageSetup', description: "How far Meta's side got: greeting, Get Started, menu, webhook fields" });

export const pageSchema = z
  .object({
    id: uuid,
    page_id: metaPageId,
    name: z.string(),
    state: z.enum(['active', 'stopped', 'disconnected']),
    stop: z
      .object({ reason: z.string(), meta_code: z.int().nullable(), meta_subcode: z.int().nullable(), at: timestamp })
      .nullable(),
    opt_in_mode: z.enum(['conversation_start', 'explicit']),
    basis: z.string(),
    addresses_eea: z.boolean(),
    rate_per_second: z.int(),
    time_zone: z.string(),
    quiet_hours: quietHours.nullable(),
    notice: z.object({ version: z.int(), texts: z.record(z.string(), z.string()) }),
    setup: setupSchema.nullable(),
    m_me_link: z.string(),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: 'Page', example: PAGE_EXAMPLE });

/** Body fields to the domain's names; absent stays absent. */
export function toSettings(body: z.infer<typeof updatePageBody>): PageSettingsChange {
  return {
    name: body.name,
    optInMode: body.opt_in_mode,
    optInModeReason: body.opt_in_mode_reason,
    basis: body.basis,
    addressesEea: body.addresses_eea,
    ratePerSecond: body.rate_per_second,
    acceptRiskAbove40: body.accept_risk_above_40,
    timeZone: body.time_zone,
    quietHours: body.quiet_hours,
    notice: body.notice,
  };
}

export function presentSetup(setup: PageSetup | null): z.infer<typeof setupSchema> | null {
  if (setup === null) return null;
  return {
    state: setup.state,
    subscribed_fields: [...setup.subscribedFields],
    lost_fields: [...setup.lostFields],
    faults: setup.faults.map((fault) => ({
      step: fault.step,
      meta_code: fault.metaCode,
      meta_subcode: fault.metaSubcode,
      message: fault.message,
    })),
  };
}

export function presentPage(
  page: Omit<PageDetail, 'notices'> & Partial<Pick<PageDetail, 'notices'>>,
): z.infer<typeof pageSchema> {
  return {
    id: page.uuid,
    page_id: page.metaPageId,
    name: page.name,
    state: page.state,
    stop:
      page.stop === null
        ? null
        : {
            reason: page.stop.reason,
            meta_code: page.stop.code,
            meta_subcode: page.stop.subcode,
            at: page.stop.at.toISOString(),
          },
    opt_in_mode: page.optInMode,
    basis: page.basis,
    addresses_eea: page.addressesEea,
    rate_per_second: page.ratePerSecond,
    time_zone: page.timeZone,
    quiet_hours: page.quietHours,
    notice: {
      version: page.noticeVersion,
      texts: Object.fromEntries((page.notices ?? []).map((notice) => [notice.language, notice.body])),
    },
    setup: presentSetup(page.setup),
    m_me_link: `https://m.me/${page.metaPageId}`,
    created_at: page.createdAt.toISOString(),
    updated_at: isoOrNull(page.updatedAt) ?? page.createdAt.toISOString(),
  };
}
