import { createHash } from 'node:crypto';
import { judgeChain } from '../../../../src/domain/proof/returning-chain.rules';
import type { ReturningEntry } from '../../../../src/domain/proof/returning.types';

const REF = '0011aabbccdd0011aabbccdd0011aabb';
const at = (minute: number): string => new Date(Date.UTC(2026, 10, 23, 10, minute)).toISOString();
const GRANT = ['marketing.broadcast'];

/** A chain of these entries, in the order of the log. */
function chainOf(...entries: readonly Record<string, unknown>[]): ReturningEntry[] {
  let prev: string | null = null;
  return entries.map((fields, place) => {
    const n = place + 1;
    const commitment = createHash('sha256').update(`${n}`).digest();
    const subject = { n, ref: REF, prev };
    prev = commitment.toString('hex');
    const facts = { page: '1', psid: '7', at: at(n), subject, ...fields } as unknown as ReturningEntry['facts'];
    return { index: 10 * n, body: Buffer.alloc(0), nonce: Buffer.alloc(0), commitment, facts };
  });
}

const notice = (version: number) => ({ lang: 'en', sha256: `${version}`, surface: 'messenger_welcome', version });
const OPT_IN = { kind: 'opt_in', purposes: GRANT, event_at: at(0), notice: notice(1) };
const SHOWN = { kind: 'notice_shown', notice: notice(2), mid: 'm' };
const WITHDRAW = { kind: 'withdraw', via: 'keyword', event_at: at(3) };
const RETURN = { kind: 're_opt_in', purposes: GRANT, event_at: at(4), notice: notice(1) };

it('makes the row of somebody whose chain ends in consent out of the chain', () => {
  const chain = chainOf(OPT_IN, SHOWN, WITHDRAW, RETURN);
  expect(judgeChain(chain)).toMatchObject({
    psid: '7',
    metaPageId: '1',
    subjectRef: Buffer.from(REF, 'hex'),
    isExplicit: true,
    wordings: ['1', '2'],
    row: {
      createdAt: new Date(at(1)),
      optedInAt: new Date(at(4)),
      explicitActAt: new Date(at(4)),
      withdrawnAt: new Date(at(3)),
      withdrawalCommitment: chain[2]!.commitment,
      consentN: 4,
      noticeShownAt: new Date(at(2)),
      noticeVersion: 2,
    },
  });
  expect(judgeChain(chainOf(OPT_IN))).toMatchObject({
    isExplicit: false,
    row: { explicitActAt: null, withdrawnAt: null, withdrawalCommitment: null, noticeShownAt: null, consentN: 1 },
  });
});

it('puts a withdrawal by our clock before the return that followed it', () => {
  const byApi = { kind: 'withdraw', via: 'api', at: at(9) };
  expect(judgeChain(chainOf(OPT_IN, byApi, RETURN))).toMatchObject({
    row: { withdrawnAt: new Date(Date.parse(at(4)) - 1) },
  });
});

it.each([
  ['unsubscribed', chainOf(OPT_IN, WITHDRAW)],
  ['unsubscribed', chainOf(OPT_IN, WITHDRAW, RETURN, WITHDRAW, SHOWN)],
  ['unsubscribed', chainOf(WITHDRAW)],
  ['no_consent', chainOf({ ...OPT_IN, purposes: ['reply'] }, SHOWN)],
  ['objected', chainOf(OPT_IN, { kind: 'object', req: 'x' })],
  ['objected', chainOf(OPT_IN, { kind: 'object', req: 'x' }, RETURN)],
  ['proof_broken', []],
  ['proof_broken', chainOf({ ...OPT_IN, event_at: undefined })],
  ['proof_broken', chainOf(OPT_IN, SHOWN).slice(1)],
  ['proof_broken', chainOf(OPT_IN, { ...SHOWN, psid: '8' })],
  ['proof_broken', chainOf(OPT_IN, { ...SHOWN, page: '2' })],
  ['proof_broken', chainOf(OPT_IN, { ...SHOWN, subject: { n: 2, ref: REF, prev: 'ff' } })],
  ['proof_broken', chainOf(OPT_IN, SHOWN).map((entry) => ({ ...entry, index: 30 - entry.index }))],
])('says %s of a chain that does not allow it', (refusal, chain) => {
  expect(judgeChain(chain)).toBe(refusal);
});
