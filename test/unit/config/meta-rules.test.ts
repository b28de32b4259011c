import { META_LIMITS } from '../../../config/meta-limits';
import { AD_WINDOW_ENABLED_BY_DEFAULT, RULE_VERSION, rulesAt } from '../../../config/meta-rules';

const at = (iso: string) => rulesAt(new Date(iso));
const HOUR_MS = 3_600_000;

describe('rulesAt', () => {
  it('knows the rules of today', () => {
    const rules = at('2026-11-23T12:00:00Z');
    expect(rules.version).toBe(RULE_VERSION);
    expect(rules.windowMs).toBe(24 * HOUR_MS);
    expect(rules.adWindowMs).toBe(7 * 24 * HOUR_MS);
    expect(rules.windowMarginMs).toBe(60_000);
    expect(rules.paths.map((rule) => [rule.path, rule.needs, rule.promotional])).toEqual([
      ['standard', 'open-window', true],
      ['utility', 'approved-template', false],
      ['marketing', 'marketing-token', true],
    ]);
    expect(rules.windowActs).toEqual(['message', 'postback', 'referral', 'reaction']);
    expect(AD_WINDOW_ENABLED_BY_DEFAULT).toBe(false);
  });

  it('lets the three content tags die at the start of 2026-04-27', () => {
    expect(at('2026-04-26T23:59:59.999Z').deadTags).toEqual([]);
    expect(at('2026-04-27T00:00:00Z').deadTags).toEqual([
      'CONFIRMED_EVENT_UPDATE',
      'ACCOUNT_UPDATE',
      'POST_PURCHASE_UPDATE',
    ]);
  });

  it('gives no longer window after an ad before 2026-09-28', () => {
    expect(at('2026-09-27T23:59:59.999Z')).toMatchObject({ adWindowMs: null, version: 'meta-2026-04-27' });
    expect(at('2026-09-28T00:00:00Z')).toMatchObject({ adWindowMs: 7 * 24 * HOUR_MS, version: 'meta-2026-09-28' });
  });

  it('answers with the oldest rules for a time before all of them', () => {
    expect(at('2019-01-01T00:00:00Z')).toMatchObject({ version: 'meta-2020-03-04', windowMs: 24 * HOUR_MS, paths: [] });
  });
});

describe('META_LIMITS', () => {
  it('names for every number its source and the day it was seen', () => {
    for (const limit of Object.values(META_LIMITS)) {
      expect(limit.source).toMatch(/^https:\/\/developers\.facebook\.com\//);
      expect(limit.checkedOn).toMatch(/^2026-\d\d-\d\d$/);
      expect(limit.max).toBeGreaterThan(0);
    }
    expect(META_LIMITS.textChars.max).toBe(1_999);
    expect(META_LIMITS.buttonTemplateTextChars.max).toBe(640);
  });
});
