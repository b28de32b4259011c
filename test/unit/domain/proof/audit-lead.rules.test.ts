import { decideConsent, trustedAt, type Act, type KnownLead } from '../../../../src/domain/consent';
import {
  replay,
  type AuditedFacts,
  type ChainLink,
  type LeadClaims,
} from '../../../../src/domain/proof/audit-chain.rules';
import { memoryFaults } from '../../../../src/domain/proof/audit-lead.rules';

const START = Date.parse('2026-11-23T10:00:00.000Z');
const MINUTE = 60_000;
const iso = (ms: number): string => new Date(ms).toISOString();

const link = (n: number, facts: Partial<AuditedFacts> & Pick<AuditedFacts, 'kind'>): ChainLink => ({
  entryId: `e${String(n)}`,
  index: n,
  commitment: Buffer.alloc(32, n),
  facts: { at: iso(START), page: 'P', psid: '', subject: { n, prev: null, ref: '' }, ...facts },
});

const ROW: LeadClaims = {
  status: 'subscribed',
  isErasureOpen: false,
  subjectRef: Buffer.alloc(16),
  metaPageId: 'P',
  chainN: 1,
  chainHead: null,
  consentEntry: null,
  consentCommitment: null,
  consentN: null,
  optedInAt: null,
  explicitActAt: null,
  withdrawnAt: null,
  withdrawalCommitment: null,
  marketingTokenState: null,
  token: { at: null, expiresAt: null, sha256: null },
  isNoticeShown: null,
  noticeVersion: null,
  psid: '',
  isPlaced: true,
  isWebTokenOwn: true,
  returnedAt: null,
};

const codes = (lead: LeadClaims, chain: readonly ChainLink[], now = START): string[] =>
  memoryFaults(lead, chain, replay(chain), now).map(([what]) => what);

/** The same numbers every time. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

function randomAct(roll: (sides: number) => number, now: number): Act {
  // Handed over late, in another order, or by a clock that is ahead of ours, even far ahead.
  const ahead = [4 * MINUTE, 90 * MINUTE, -roll(10 * MINUTE), -roll(30), 0][roll(5)]!;
  const when = { at: new Date(now + ahead), receivedAt: new Date(now), startedBy: 'first_message' } as const;
  const moment = { ...when, creates: roll(4) > 0, hasWords: roll(2) > 0 };
  switch (roll(4)) {
    case 0:
      return { ...moment, kind: 'stop', via: 'keyword' };
    case 1:
      return { ...moment, kind: 'explicit', via: 'keyword' };
    case 2:
      return { ...moment, kind: 'get_started' };
    default:
      return { ...moment, kind: 'ordinary' };
  }
}

/** What the API does to somebody who is known: see `withdraw`. */
function fromApi(lead: KnownLead, now: number): Act {
  const at = new Date(Math.max(now, lead.explicitActAt?.getTime() ?? 0));
  return { kind: 'stop', via: 'api', at, receivedAt: at, creates: false, startedBy: 'first_message', hasWords: false };
}

it('finds nothing wrong in whatever the rules of consent make of people, in any order of acts', () => {
  const seen = new Set<string>();
  const wrong: unknown[] = [];
  for (let seed = 1; seed <= 2_000; seed += 1) {
    const roll = dice(seed);
    const page = { optInMode: roll(2) === 0 ? 'explicit' : 'conversation_start' } as const;
    const isSuppressed = roll(4) === 0;
    const chain: ChainLink[] = [];
    let lead: KnownLead | null = null;
    for (let step = 0, now = START; step < 12; step += 1, now += roll(3 * MINUTE)) {
      const isApi: boolean = lead !== null && roll(6) === 0;
      const act: Act = isApi ? fromApi(lead!, now) : randomAct(roll, now);
      const decision = decideConsent(lead, act, page, isSuppressed);
      if (decision.kind === 'refuse') continue;
      const eventAt = iso(trustedAt(act).getTime());
      for (const { kind, ...planned } of decision.entries) {
        const purposes = 'purpose' in planned ? [planned.purpose] : ['marketing.broadcast'];
        const inbound = isApi ? {} : { event_at: eventAt };
        const given = kind === 'withdraw' ? {} : { purposes };
        chain.push(link(chain.length + 1, { kind, at: iso(now), ...inbound, ...given }));
      }
      lead = { ...decision.state, noticeShownAt: null };
      seen.add(lead.status);
      const explicitActAt = lead.explicitActAt?.toISOString() ?? null;
      const withdrawnAt = lead.withdrawnAt?.toISOString() ?? null;
      const found = codes({ ...ROW, explicitActAt, withdrawnAt }, chain, now);
      if (found.length > 0) wrong.push({ seed, step, found });
    }
  }
  expect(wrong).toEqual([]);
  expect([...seen].sort()).toEqual(['reply_only', 'subscribed', 'suppressed', 'unsubscribed']);
});

const T = [0, 1, 2, 3].map((minutes) => iso(START + minutes * MINUTE)) as [string, string, string, string];
const tokens = (...states: readonly (readonly [state: string, at: number | null, sha256?: string])[]): ChainLink[] =>
  states.map(([state, at, sha = 'a'], n) =>
    link(n + 1, {
      kind: 'token',
      state,
      expires: T[3],
      token_sha256: sha,
      ...(at === null ? {} : { event_at: T[at as 0 | 1 | 2] }),
    }),
  );

it.each<[string, ChainLink[], LeadClaims['token'], string[]]>([
  ['granted', tokens(['granted', 0]), { at: T[0], expiresAt: T[3], sha256: 'a' }, []],
  ['renewed in silence', tokens(['granted', 0]), { at: T[1], expiresAt: null, sha256: 'b' }, []],
  ['run out', tokens(['granted', 0], ['expired', null]), { at: T[0], expiresAt: T[3], sha256: 'a' }, []],
  [
    'renewed in silence, then run out',
    tokens(['granted', 0], ['expired', null, 'b']),
    { at: T[1], expiresAt: T[3], sha256: 'b' },
    [],
  ],
  ['older than its entry', tokens(['granted', 1]), { at: T[0], expiresAt: T[3], sha256: 'a' }, ['lead_token']],
  ['of another key', tokens(['granted', 1]), { at: T[1], expiresAt: T[3], sha256: 'b' }, ['lead_token']],
  [
    'that cannot be opened',
    tokens(['granted', 0]),
    { at: T[1], expiresAt: T[3], sha256: 'unreadable' },
    ['lead_token'],
  ],
  ['renewed to no time', tokens(['granted', 0]), { at: T[1], expiresAt: 'none', sha256: 'b' }, ['lead_token']],
  ['of no entry', [link(1, { kind: 'object' })], { at: T[0], expiresAt: null, sha256: 'a' }, ['lead_token']],
])("judges Meta's permission %s", (_name, chain, token, expected) => {
  expect(codes({ ...ROW, token }, chain)).toEqual(expected);
});

const shown = (n: number, version: number): ChainLink =>
  link(n, { kind: 'notice_shown', notice: { lang: 'en', sha256: '', surface: '', version } });

it.each([
  ['the newest, last', [shown(1, 1), shown(2, 2)], 2, []],
  ['the newest, first', [shown(1, 2), shown(2, 1)], 2, []],
  ['an older one', [shown(1, 1), shown(2, 2)], 1, ['lead_notice']],
])('judges a row that says of the wordings shown: %s', (_name, chain, noticeVersion, expected) => {
  expect(codes({ ...ROW, isNoticeShown: true, noticeVersion }, chain)).toEqual(expected);
});

it('says nothing of a person of whom no entry is known', () => {
  expect(codes({ ...ROW, explicitActAt: T[0], psid: null }, [])).toEqual([]);
});
