/** The ways by which Meta lets a Page write to a person. */
export type SendPath = 'standard' | 'utility' | 'marketing';

/** Acts of a person, as far as they decide whether the standard window opens. */
export type WindowAct = 'message' | 'postback' | 'referral' | 'reaction';

/** One fact about Meta's rules: in force from `from` (inclusive) until `until` (exclusive), both UTC days. */
export interface DatedFact<Value> {
  readonly value: Value;
  readonly from: string;
  readonly until: string | null;
  readonly source: string;
}

/** What a path demands of a send. */
export interface PathRule {
  readonly path: SendPath;
  readonly messagingType: 'UPDATE' | 'UTILITY' | null;
  readonly needs: 'open-window' | 'approved-template' | 'marketing-token';
  readonly promotional: boolean;
}

/** The rules in force at one moment. */
export interface MetaRules {
  readonly version: string;
  readonly paths: readonly PathRule[];
  readonly windowMs: number;
  /** Length of the window after an ad, or null where Meta allows none. Used only when the installation turned it on. */
  readonly adWindowMs: number | null;
  /** Taken off the end of every window, so that a send never races with Meta's own clock. */
  readonly windowMarginMs: number;
  readonly windowActs: readonly WindowAct[];
  /** Message tags that Meta refuses with error 100. */
  readonly deadTags: readonly string[];
}

const DOCS = 'https://developers.facebook.com/documentation/business-messaging/messenger-platform';
const HOUR_MS = 3_600_000;

/** Names the newest set of facts below; it changes with every edit of them and is written beside each delivery. */
export const RULE_VERSION = 'meta-2026-09-28';

const VERSIONS: readonly DatedFact<string>[] = [
  { value: 'meta-2020-03-04', from: '2020-03-04', until: '2026-04-27', source: `${DOCS}/changelog` },
  { value: 'meta-2026-04-27', from: '2026-04-27', until: '2026-09-28', source: `${DOCS}/changelog` },
  { value: RULE_VERSION, from: '2026-09-28', until: null, source: `${DOCS}/policy` },
];

const PATHS: readonly DatedFact<PathRule>[] = [
  {
    value: { path: 'standard', messagingType: 'UPDATE', needs: 'open-window', promotional: true },
    from: '2020-03-04',
    until: null,
    source: `${DOCS}/send-messages`,
  },
  {
    value: { path: 'utility', messagingType: 'UTILITY', needs: 'approved-template', promotional: false },
    from: '2026-03-13',
    until: null,
    source: `${DOCS}/send-messages/utility-messages`,
  },
  {
    value: { path: 'marketing', messagingType: null, needs: 'marketing-token', promotional: true },
    from: '2026-02-10',
    until: null,
    source: `${DOCS}/marketing-messages-on-messenger/send-messages`,
  },
];

const WINDOWS: readonly DatedFact<number>[] = [
  { value: 24 * HOUR_MS, from: '2020-03-04', until: null, source: `${DOCS}/send-messages` },
];

/** Its exact conditions could not be read, hence a setting that is off by default; Meta's 10/2018278 is the judge. */
const AD_WINDOWS: readonly DatedFact<number>[] = [
  { value: 7 * 24 * HOUR_MS, from: '2026-09-28', until: null, source: `${DOCS}/policy` },
];

export const AD_WINDOW_ENABLED_BY_DEFAULT = false;

const WINDOW_ACTS: readonly DatedFact<WindowAct>[] = (['message', 'postback', 'referral', 'reaction'] as const).map(
  (value) => ({ value, from: '2020-03-04', until: null, source: `${DOCS}/send-messages` }),
);

const DEAD_TAGS: readonly DatedFact<string>[] = [
  'CONFIRMED_EVENT_UPDATE',
  'ACCOUNT_UPDATE',
  'POST_PURCHASE_UPDATE',
].map((value) => ({ value, from: '2026-04-27', until: null, source: `${DOCS}/changelog` }));

const WINDOW_MARGIN_MS = 60_000;

/** The rules in force at `at`; a moment before the oldest known rules gets the oldest ones, without dead tags. */
export function rulesAt(at: Date): MetaRules {
  const day = at.toISOString().slice(0, 10);
  const inForce = <Value>(facts: readonly DatedFact<Value>[]): Value[] =>
    facts.filter((fact) => fact.from <= day && (fact.until === null || day < fact.until)).map((fact) => fact.value);
  return {
    version: inForce(VERSIONS)[0] ?? 'meta-2020-03-04',
    paths: inForce(PATHS),
    windowMs: inForce(WINDOWS)[0] ?? 24 * HOUR_MS,
    adWindowMs: inForce(AD_WINDOWS)[0] ?? null,
    windowMarginMs: WINDOW_MARGIN_MS,
    windowActs: inForce(WINDOW_ACTS),
    deadTags: inForce(DEAD_TAGS),
  };
}
