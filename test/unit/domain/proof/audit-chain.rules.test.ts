import {
  chainFault,
  consentFault,
  namesEnd,
  replay,
  rowFaults,
  type ChainLink,
  type LeadClaims,
} from '../../../../src/domain/proof/audit-chain.rules';
import type { EntryFacts } from '../../../../src/domain/proof/proof.types';

const REF = Buffer.alloc(16, 7);
const AT = '2026-11-23T10:00:00.000Z';
const hashOf = (n: number): Buffer => Buffer.alloc(32, n);

function link(n: number, kind: string, facts: Partial<EntryFacts> = {}, index: number | null = n * 10): ChainLink {
  const prev = n === 1 ? null : hashOf(n - 1).toString('hex');
  const subject = { n, prev, ref: REF.toString('hex') };
  const entry = { kind, at: AT, page: 'P', psid: '', subject, ...facts };
  return { entryId: `e${String(n)}`, index, commitment: hashOf(n), facts: entry };
}

const MARKETING = { purposes: ['marketing.broadcast'], event_at: AT };
const CHAIN = [
  link(1, 'opt_in', MARKETING),
  link(2, 'token', { state: 'granted' }),
  link(3, 'withdraw'),
  link(4, 're_opt_in', MARKETING),
];
const LEAD: LeadClaims = {
  status: 'subscribed',
  isErasureOpen: false,
  subjectRef: REF,
  metaPageId: 'P',
  chainN: 4,
  chainHead: hashOf(4),
  consentEntry: 'e4',
  consentCommitment: hashOf(4),
  consentN: 4,
  optedInAt: AT,
  explicitActAt: AT,
  withdrawnAt: AT,
  withdrawalCommitment: hashOf(3),
  marketingTokenState: 'granted',
  token: { at: AT, expiresAt: null, sha256: null },
  isNoticeShown: null,
  noticeVersion: null,
  psid: '',
  isPlaced: true,
  isWebTokenOwn: true,
  returnedAt: null,
};

const codes = (lead: LeadClaims, chain: readonly ChainLink[]): string[] =>
  rowFaults(lead, chain, replay(chain)).map(([what]) => what);

it('finds nothing wrong in a whole chain and its row', () => {
  expect(CHAIN.map((one, at) => chainFault(one, CHAIN[at - 1] ?? null, LEAD))).toEqual([null, null, null, null]);
  expect(codes(LEAD, CHAIN)).toEqual([]);
  expect(namesEnd(LEAD, CHAIN)).toBe(true);
});

it.each([
  ['two entries of one number', link(2, 'x'), link(2, 'y'), 'chain_forked'],
  ['a missing beginning', link(2, 'x'), null, 'chain_gap'],
  ['a missing entry', link(3, 'x'), link(1, 'y'), 'chain_gap'],
  ['another entry before', link(2, 'x', { subject: { n: 2, prev: 'ff', ref: '' } }), link(1, 'y'), 'chain_broken'],
  ['an entry before the first', link(1, 'x', { subject: { n: 1, prev: 'ff', ref: '' } }), null, 'chain_broken'],
  ['another Page', link(1, 'x', { page: 'Q' }), null, 'chain_subject'],
  ['another person', link(1, 'x', { subject: { n: 1, prev: null, ref: 'ff' } }), null, 'chain_subject'],
  ['a leaf ahead of an earlier one', link(2, 'x', {}, 5), link(1, 'y'), 'chain_order'],
  ['a leaf ahead of one that waits', link(2, 'x'), link(1, 'y', {}, null), 'chain_order'],
])('names %s', (_name, one, before, what) => {
  expect(chainFault(one, before, LEAD)?.[0]).toBe(what);
});

it.each<[string, readonly ChainLink[], Partial<LeadClaims>]>([
  ['nobody yet', [], { chainN: 0, chainHead: null, status: 'reply_only' }],
  ['one who may be answered', [link(1, 'opt_in', { purposes: ['reply'] })], { chainN: 1, status: 'suppressed' }],
  ['one who consented', [link(1, 'opt_in', { purposes: ['reply'] }), link(2, 'consent', MARKETING)], { chainN: 2 }],
])('replays the chain of %s', (_name, chain, claims) => {
  const grant = replay(chain).grant;
  const lead: LeadClaims = {
    ...LEAD,
    chainHead: chain.at(-1)?.commitment ?? null,
    consentEntry: grant?.entryId ?? null,
    consentCommitment: grant?.commitment ?? null,
    consentN: grant?.facts.subject.n ?? null,
    optedInAt: grant === null ? null : AT,
    withdrawalCommitment: null,
    marketingTokenState: null,
    ...claims,
  };
  expect(codes(lead, chain)).toEqual(chain.length === 0 ? ['chain_empty'] : []);
});

it('keeps the time of the last opt-in after a withdrawal, and forgets the rest of it', () => {
  const now = replay(CHAIN.slice(0, 3));
  expect(now).toMatchObject({ statuses: ['unsubscribed'], grant: null, token: 'granted' });
  expect(now.lastGrant).toBe(CHAIN[0]);
});

it.each<[keyof LeadClaims, unknown, string]>([
  ['status', 'reply_only', 'lead_status'],
  ['status', 'erasing', 'lead_status'],
  ['isErasureOpen', true, 'lead_status'],
  ['chainN', 3, 'lead_chain'],
  ['chainHead', null, 'lead_chain'],
  ['consentEntry', null, 'lead_consent'],
  ['consentCommitment', hashOf(9), 'lead_consent'],
  ['consentN', 1, 'lead_consent'],
  ['optedInAt', null, 'lead_consent'],
  ['withdrawalCommitment', null, 'lead_withdrawal'],
  ['marketingTokenState', null, 'lead_token'],
])('names a row with another %s', (column, value, what) => {
  expect(codes({ ...LEAD, [column]: value }, CHAIN)).toEqual([what]);
});

it('takes it for no fault that a row whose erasure waits says so', () => {
  expect(codes({ ...LEAD, status: 'erasing', isErasureOpen: true }, CHAIN)).toEqual([]);
});

it.each([
  ['the consent in force', { consentEntry: 'e1', subjectN: 2, sendsIndex: 25 }, undefined],
  ['a return', { consentEntry: 'e4', subjectN: 4, sendsIndex: 41 }, undefined],
  ['no leaf yet', { consentEntry: 'e1', subjectN: 2, sendsIndex: null }, undefined],
  ['a consent that had ended', { consentEntry: 'e1', subjectN: 3, sendsIndex: 35 }, 'message_unconsented'],
  ['a consent that was another', { consentEntry: 'e4', subjectN: 2, sendsIndex: 25 }, 'message_unconsented'],
  ['a leaf before the consent', { consentEntry: 'e1', subjectN: 1, sendsIndex: 5 }, 'message_unconsented'],
  ['a chain cut short', { consentEntry: 'e1', subjectN: 2, sendsIndex: 35 }, 'message_withdrawn'],
])('judges a message that claims %s', (_name, claims, what) => {
  expect(consentFault({ ...claims, claimedAt: new Date(AT) }, CHAIN)?.[0]).toBe(what);
});

it('judges a message by the time of a withdrawal too, which was kept back and logged later', () => {
  const claims = { consentEntry: 'e1', subjectN: 2, sendsIndex: 25 };
  const claimed = (minutes: number) => new Date(new Date(AT).getTime() + minutes * 60_000);
  expect(consentFault({ ...claims, claimedAt: claimed(5) }, CHAIN)).toBeNull();
  expect(consentFault({ ...claims, claimedAt: claimed(6) }, CHAIN)?.[0]).toBe('message_withdrawn');
});

it.each([
  ['before', { subjectN: 2, sendsIndex: 25 }, null],
  ['after, by the length of the chain', { subjectN: 3, sendsIndex: 35 }, 'message_unconsented'],
  ['after, by its leaf', { subjectN: 2, sendsIndex: 35 }, 'message_withdrawn'],
] as const)('takes the wish never to be written to again for an end: a message %s', (_when, claims, what) => {
  const chain = [link(1, 'opt_in', MARKETING), link(2, 'notice_shown'), link(3, 'object')];
  expect(consentFault({ consentEntry: 'e1', claimedAt: new Date(AT), ...claims }, chain)?.[0] ?? null).toBe(what);
});
