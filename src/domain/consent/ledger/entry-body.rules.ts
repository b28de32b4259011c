import { canonicalJson } from '../../../kernel/crypto/jcs';
import { InvariantError } from '../../../kernel/errors';
import type {
  Evidence,
  LeadEntry,
  LeadEntryPlace,
  NoticeReference,
  SendFacts,
  SystemEntry,
  SystemEntryPlace,
} from './entry-body.types';

const VERSION = 1;
const HASH_BYTES = 32;
const REF_BYTES = 16;
const SECRET_ID_BYTES = 8;
const DATE_CHARACTERS = 10;

type Fields = Readonly<Record<string, unknown>>;

function hex(bytes: Buffer, length = HASH_BYTES): string {
  if (bytes.length !== length) throw new InvariantError('ledger_input', `expected ${length} bytes in a ledger entry`);
  return bytes.toString('hex');
}

const hexOrNull = (bytes: Buffer | null): string | null => (bytes === null ? null : hex(bytes));

function positive(n: number): number {
  if (!Number.isSafeInteger(n) || n < 1) throw new InvariantError('ledger_input', 'a count starts at 1');
  return n;
}

const time = (at: Date): string => at.toISOString();

/**
 * The exact bytes of an entry about a person. Every field is part of the commitment; none may be added, renamed or
 * left out without another `v`.
 *
 * @throws {InvariantError} `ledger_input` or `not_canonical`
 */
export function leadEntryBody(place: LeadEntryPlace, entry: LeadEntry): Buffer {
  const { ref, n, prev } = place.subject;
  if ((n === 1) !== (prev === null))
    throw new InvariantError('ledger_input', 'only the first entry has none before it');
  return canonicalJson({
    v: VERSION,
    log: place.log,
    kind: entry.kind,
    page: place.metaPageId,
    psid: place.psid,
    at: time(place.at),
    subject: { ref: hex(ref, REF_BYTES), n: positive(n), prev: hexOrNull(prev) },
    ...leadFields(entry),
  });
}

function leadFields(entry: LeadEntry): Fields {
  switch (entry.kind) {
    case 'opt_in':
      return optInFields(entry);
    case 're_opt_in':
      return { ...optInFields(entry), after: hex(entry.after) };
    case 'consent':
      return { via: entry.via, notice: noticeFields(entry.notice), purposes: entry.purposes, ...inboundFields(entry) };
    case 'withdraw':
      return { via: entry.via, ...inboundFields(entry.inbound) };
    case 'token':
      return {
        state: entry.state,
        expires: entry.expiresAt === null ? null : time(entry.expiresAt),
        token_sha256: hex(entry.tokenSha256),
        ...inboundFields(entry.inbound),
      };
    case 'notice_shown':
      return { notice: noticeFields(entry.notice), mid: entry.mid };
    case 'object':
      return { req: entry.request };
  }
}

const optInFields = (entry: LeadEntry & { kind: 'opt_in' | 're_opt_in' }): Fields => ({
  via: entry.via,
  ...(entry.ref === undefined ? {} : { ref: entry.ref }),
  notice: noticeFields(entry.notice),
  purposes: entry.purposes,
  basis: entry.basis,
  ...inboundFields(entry),
});

const inboundFields = (inbound: { eventAt: Date; evidence: Evidence } | null): Fields =>
  inbound === null ? {} : { event_at: time(inbound.eventAt), evidence: evidenceFields(inbound.evidence) };

const noticeFields = ({ language, sha256, surface, version }: NoticeReference): Fields => ({
  lang: language,
  sha256: hex(sha256),
  surface,
  version,
});

function evidenceFields(evidence: Evidence): Fields {
  if (evidence.segments[evidence.index]?.kind !== 'e') {
    throw new InvariantError('ledger_input', 'evidence names a segment that is no event');
  }
  return {
    alg: 'hmac-sha256',
    at: time(evidence.receivedAt),
    hdr: evidence.header,
    i: evidence.index,
    len: evidence.length,
    secret: hex(evidence.secretId, SECRET_ID_BYTES),
    segs: evidence.segments.map((segment) => [segment.kind, segment.length, hex(segment.hash)]),
  };
}

/** The exact bytes of an entry that concerns nobody. */
export function systemEntryBody(place: SystemEntryPlace, entry: SystemEntry): Buffer {
  return canonicalJson({
    v: VERSION,
    log: place.log,
    kind: entry.kind,
    // An erasure says its day alone: a time beside it would tell more of the person than they left.
    ...(entry.kind === 'erasure' ? {} : { at: time(place.at) }),
    ...systemFields(entry),
  });
}

function systemFields(entry: SystemEntry): Fields {
  switch (entry.kind) {
    case 'sends':
      return {
        page: entry.metaPageId,
        broadcast: entry.broadcast,
        content_sha256: hex(entry.contentSha256),
        n: positive(entry.n),
        root: hex(entry.root),
        ...(entry.isTest ? { test: true } : {}),
      };
    case 'notice':
      return { page: entry.metaPageId, notice: noticeFields(entry.notice) };
    case 'settings':
      return { page: entry.metaPageId, opt_in_mode: entry.optInMode, basis: entry.basis };
    case 'erasure':
      return {
        at_day: time(entry.atDay).slice(0, DATE_CHARACTERS),
        scope: entry.scope,
        leaves: entry.leaves,
        cert: hex(entry.certificate),
      };
    case 'restore':
      return { state: entry.state, leaves: entry.leaves, ...(entry.size === undefined ? {} : { size: entry.size }) };
    case 'log_key':
      return { vkey: entry.vkey };
    case 'secret_commit':
      return { sha256: hex(entry.commitment), id: hex(entry.commitment.subarray(0, SECRET_ID_BYTES), SECRET_ID_BYTES) };
  }
}

/** The exact bytes one message of a chunk commits to. */
export function sendBody(facts: SendFacts): Buffer {
  return canonicalJson({
    v: VERSION,
    log: facts.log,
    kind: 'send',
    delivery: facts.delivery,
    attempt: positive(facts.attempt),
    broadcast: facts.broadcast,
    page: facts.metaPageId,
    psid: facts.psid,
    at: time(facts.at),
    path: facts.path,
    consent: { c: hex(facts.consent.commitment), index: facts.consent.index },
    subject: { ref: hex(facts.subject.ref, REF_BYTES), n: positive(facts.subject.n) },
  });
}
