import { commitment, sendCommitment } from '../../../../../src/domain/consent/ledger/commitment.rules';
import { leadEntryBody, sendBody, systemEntryBody } from '../../../../../src/domain/consent/ledger/entry-body.rules';
import type {
  Evidence,
  LeadEntry,
  LeadEntryPlace,
  NoticeReference,
  SendFacts,
  SystemEntry,
} from '../../../../../src/domain/consent/ledger/entry-body.types';
import { parseCanonicalJson } from '../../../../../src/kernel/crypto/jcs';

const AT = new Date('2026-11-23T10:11:12.403Z');
const EVENT_AT = new Date('2026-11-23T10:11:12.001Z');
const hash = (fill: number): Buffer => Buffer.alloc(32, fill);
const badInput = expect.objectContaining({ code: 'ledger_input' }) as Error;

const place: LeadEntryPlace = {
  log: 'bot.example.com/consent',
  metaPageId: '104857600000001',
  psid: '7123456789012345',
  at: AT,
  subject: { ref: Buffer.alloc(16, 0xab), n: 1, prev: null },
};
const notice: NoticeReference = { language: 'en', sha256: hash(1), surface: 'messenger_greeting', version: 3 };
const evidence: Evidence = {
  receivedAt: new Date('2026-11-23T10:11:12.401Z'),
  header: `sha256=${'8f'.repeat(32)}`,
  index: 1,
  length: 264,
  secretId: Buffer.from('5b1c0d2e9f00a1b2', 'hex'),
  segments: [
    { kind: 'p', length: 58, hash: hash(2) },
    { kind: 'e', length: 149, hash: hash(3) },
    { kind: 'p', length: 57, hash: hash(4) },
  ],
};
const inbound = { eventAt: EVENT_AT, evidence };
const optIn: LeadEntry = {
  kind: 'opt_in',
  via: 'get_started',
  notice,
  purposes: ['marketing.broadcast'],
  basis: 'gdpr.6.1.a',
  ...inbound,
};
const later: LeadEntryPlace = { ...place, subject: { ...place.subject, n: 2, prev: hash(5) } };

const EVIDENCE_TEXT =
  `"evidence":{"alg":"hmac-sha256","at":"2026-11-23T10:11:12.401Z","hdr":"sha256=${'8f'.repeat(32)}","i":1,"len":264,` +
  `"secret":"5b1c0d2e9f00a1b2","segs":[["p",58,"${'02'.repeat(32)}"],["e",149,"${'03'.repeat(32)}"],["p",57,"${'04'.repeat(32)}"]]}`;
const NOTICE_TEXT = `"notice":{"lang":"en","sha256":"${'01'.repeat(32)}","surface":"messenger_greeting","version":3}`;
const tail = (n: number, prev: string): string =>
  `"page":"104857600000001","psid":"7123456789012345",SLOT"subject":{"n":${n},"prev":${prev},"ref":"${'ab'.repeat(16)}"},`;

describe('leadEntryBody', () => {
  it('writes an opt-in byte for byte', () => {
    expect(leadEntryBody(place, optIn).toString('utf8')).toBe(
      `{"at":"2026-11-23T10:11:12.403Z","basis":"gdpr.6.1.a","event_at":"2026-11-23T10:11:12.001Z",${EVIDENCE_TEXT},` +
        `"kind":"opt_in","log":"bot.example.com/consent",${NOTICE_TEXT},` +
        tail(1, 'null').replace('SLOT', '"purposes":["marketing.broadcast"],') +
        '"v":1,"via":"get_started"}',
    );
  });

  it('writes a withdrawal by the person and one by an admin', () => {
    const prev = `"${'05'.repeat(32)}"`;
    expect(leadEntryBody(later, { kind: 'withdraw', via: 'keyword', inbound }).toString('utf8')).toBe(
      `{"at":"2026-11-23T10:11:12.403Z","event_at":"2026-11-23T10:11:12.001Z",${EVIDENCE_TEXT},"kind":"withdraw",` +
        `"log":"bot.example.com/consent",${tail(2, prev).replace('SLOT', '')}"v":1,"via":"keyword"}`,
    );
    expect(leadEntryBody(later, { kind: 'withdraw', via: 'admin', inbound: null }).toString('utf8')).toBe(
      `{"at":"2026-11-23T10:11:12.403Z","kind":"withdraw","log":"bot.example.com/consent",` +
        `${tail(2, prev).replace('SLOT', '')}"v":1,"via":"admin"}`,
    );
  });

  it.each<[LeadEntry, readonly string[]]>([
    [
      { ...optIn, kind: 're_opt_in', after: hash(6), via: 'button', ref: 'spring' },
      ['after', 'basis', 'event_at', 'evidence', 'notice', 'purposes', 'ref', 'via'],
    ],
    [
      { kind: 'consent', via: 'quick_reply', notice, purposes: ['marketing.broadcast'], ...inbound },
      ['event_at', 'evidence', 'notice', 'purposes', 'via'],
    ],
    [
      { kind: 'token', state: 'granted', expiresAt: AT, tokenSha256: hash(7), inbound },
      ['event_at', 'evidence', 'expires', 'state', 'token_sha256'],
    ],
    [
      { kind: 'token', state: 'expired', expiresAt: null, tokenSha256: hash(7), inbound: null },
      ['expires', 'state', 'token_sha256'],
    ],
    [{ kind: 'notice_shown', notice, mid: 'm_1' }, ['mid', 'notice']],
    [{ kind: 'object', request: '5c8a8f4e-64b0-4b7a-9c54-0d2b1b0e7a11' }, ['req']],
  ])('gives entry %# the fields of its kind and those of every entry', (entry, own) => {
    const body = parseCanonicalJson(leadEntryBody(later, entry)) as Record<string, unknown>;
    expect(Object.keys(body)).toEqual([...own, 'at', 'kind', 'log', 'page', 'psid', 'subject', 'v'].sort());
    expect(body).toMatchObject({ kind: entry.kind, v: 1, subject: { n: 2, prev: '05'.repeat(32) } });
  });

  it('refuses a chain that does not fit', () => {
    const subject = (n: number, prev: Buffer | null) => ({ ...place, subject: { ...place.subject, n, prev } });
    expect(() => leadEntryBody(subject(1, hash(5)), optIn)).toThrow(badInput);
    expect(() => leadEntryBody(subject(2, null), optIn)).toThrow(badInput);
    expect(() => leadEntryBody(subject(0, hash(5)), optIn)).toThrow(badInput);
    expect(() => leadEntryBody(subject(2, Buffer.alloc(31)), optIn)).toThrow(badInput);
  });

  it.each([0, 2, 3])('refuses evidence that points at segment %i, which is no event', (index) => {
    expect(() => leadEntryBody(place, { ...optIn, evidence: { ...evidence, index } })).toThrow(badInput);
  });

  const changed: readonly [string, LeadEntryPlace, LeadEntry][] = [
    ['log', { ...place, log: 'other/consent' }, optIn],
    ['page', { ...place, metaPageId: '2' }, optIn],
    ['psid', { ...place, psid: '2' }, optIn],
    ['at', { ...place, at: EVENT_AT }, optIn],
    ['ref', { ...place, subject: { ...place.subject, ref: Buffer.alloc(16) } }, optIn],
    ['n', later, optIn],
    ['prev', { ...later, subject: { ...later.subject, prev: hash(6) } }, optIn],
    ['kind', place, { ...optIn, kind: 're_opt_in', after: hash(1) }],
    ['via', place, { ...optIn, via: 'ad' }],
    ['link', place, { ...optIn, ref: 'spring' }],
    ['event_at', place, { ...optIn, eventAt: AT }],
    ['notice', place, { ...optIn, notice: { ...notice, version: 4 } }],
    ['purposes', place, { ...optIn, purposes: ['reply'] }],
    ['basis', place, { ...optIn, basis: 'gdpr.6.1.f' }],
    ['header', place, { ...optIn, evidence: { ...evidence, header: 'sha256=00' } }],
    ['length', place, { ...optIn, evidence: { ...evidence, length: 265 } }],
    ['secret', place, { ...optIn, evidence: { ...evidence, secretId: Buffer.alloc(8) } }],
    ['segments', place, { ...optIn, evidence: { ...evidence, segments: evidence.segments.slice(0, 2) } }],
  ];

  it('commits to something else whenever one field differs', () => {
    const r = Buffer.alloc(64, 1);
    const all = [leadEntryBody(place, optIn), ...changed.map(([, of, entry]) => leadEntryBody(of, entry))];
    expect(new Set(all.map((body) => commitment(body, r).toString('hex'))).size).toBe(changed.length + 1);
  });
});

describe('systemEntryBody', () => {
  const system = { log: 'bot.example.com/consent', at: AT };
  const start = '{"at":"2026-11-23T10:11:12.403Z",';

  const chunk = { kind: 'sends', metaPageId: '1', broadcast: 'b-1', contentSha256: hash(1), root: hash(2) } as const;

  it.each<[SystemEntry, string]>([
    [
      { ...chunk, isTest: false, n: 50 },
      `${start}"broadcast":"b-1","content_sha256":"${'01'.repeat(32)}","kind":"sends","log":"bot.example.com/consent",` +
        `"n":50,"page":"1","root":"${'02'.repeat(32)}","v":1}`,
    ],
    [
      { ...chunk, isTest: true, n: 1 },
      `${start}"broadcast":"b-1","content_sha256":"${'01'.repeat(32)}","kind":"sends","log":"bot.example.com/consent",` +
        `"n":1,"page":"1","root":"${'02'.repeat(32)}","test":true,"v":1}`,
    ],
    [
      { kind: 'notice', metaPageId: '1', notice },
      `${start}"kind":"notice","log":"bot.example.com/consent",${NOTICE_TEXT},"page":"1","v":1}`,
    ],
    [
      { kind: 'settings', metaPageId: '1', optInMode: 'explicit', basis: 'gdpr.6.1.a' },
      `${start}"basis":"gdpr.6.1.a","kind":"settings","log":"bot.example.com/consent","opt_in_mode":"explicit","page":"1","v":1}`,
    ],
    [
      { kind: 'log_key', vkey: 'a+b+c' },
      `${start}"kind":"log_key","log":"bot.example.com/consent","v":1,"vkey":"a+b+c"}`,
    ],
    [
      { kind: 'secret_commit', commitment: hash(3) },
      `${start}"id":"${'03'.repeat(8)}","kind":"secret_commit","log":"bot.example.com/consent","sha256":"${'03'.repeat(32)}","v":1}`,
    ],
  ])('writes entry %# byte for byte', (entry, text) => {
    expect(systemEntryBody(system, entry).toString('utf8')).toBe(text);
  });

  it('refuses a chunk of none and hashes of another length', () => {
    const sends = { ...chunk, isTest: false };
    expect(() => systemEntryBody(system, { ...sends, n: 0 })).toThrow(badInput);
    expect(() => systemEntryBody(system, { ...sends, n: 1, root: Buffer.alloc(20) })).toThrow(badInput);
  });
});

describe('sendBody', () => {
  const facts: SendFacts = {
    log: 'bot.example.com/consent',
    delivery: 'd-1',
    broadcast: 'b-1',
    attempt: 1,
    metaPageId: '1',
    psid: '2',
    at: AT,
    path: 'standard',
    consent: { commitment: hash(1), index: null },
    subject: { ref: Buffer.alloc(16, 0xab), n: 4 },
  };

  it('writes one message byte for byte', () => {
    expect(sendBody(facts).toString('utf8')).toBe(
      `{"at":"2026-11-23T10:11:12.403Z","attempt":1,"broadcast":"b-1","consent":{"c":"${'01'.repeat(32)}","index":null},` +
        `"delivery":"d-1","kind":"send","log":"bot.example.com/consent","page":"1","path":"standard","psid":"2",` +
        `"subject":{"n":4,"ref":"${'ab'.repeat(16)}"},"v":1}`,
    );
  });

  it('commits to something else whenever one field differs', () => {
    const others: readonly Partial<SendFacts>[] = [
      { log: 'other' },
      { delivery: 'd-2' },
      { broadcast: 'b-2' },
      { attempt: 2 },
      { metaPageId: '2' },
      { psid: '3' },
      { at: EVENT_AT },
      { path: 'marketing' },
      { consent: { commitment: hash(2), index: null } },
      { consent: { commitment: hash(1), index: 0 } },
      { subject: { ref: Buffer.alloc(16), n: 4 } },
      { subject: { ref: Buffer.alloc(16, 0xab), n: 5 } },
    ];
    const r = Buffer.alloc(64, 1);
    const all = [facts, ...others.map((other) => ({ ...facts, ...other }))];
    expect(new Set(all.map((of) => sendCommitment(sendBody(of), r).toString('hex'))).size).toBe(13);
  });

  it('refuses an attempt before the first', () => {
    expect(() => sendBody({ ...facts, attempt: 0 })).toThrow(badInput);
  });
});
