import { parseCanonicalJson } from '../../kernel/crypto/jcs';
import { sha256 } from '../../kernel/crypto/merkle';
import { InvariantError } from '../../kernel/errors';
import { commitment, eventSegmentHash, NONCE_BYTES, placesOf } from '../consent';
import { envelopeFault, isKnownEnvelope } from './audit-evidence.rules';
import type { EnvelopeBudget } from './audit-evidence';
import type { RecordFiles, ReturningEntry, ReturningFacts, ShownEntry, ShownEvent } from './returning.types';

const ENTRY = /^entries\/\d{4,}\.json$/;
const INDEX = /^c2sp\.org\/tlog-proof@v1\nindex (0|[1-9]\d{0,14})\n/;
const PERSONAL: ReadonlySet<string> = new Set([
  'opt_in',
  're_opt_in',
  'consent',
  'withdraw',
  'token',
  'notice_shown',
  'object',
]);

const numbered = (n: number, digits: number): string => String(n).padStart(digits, '0');

/** The entries of a record from the first to the last, with what they commit to; null for what is no record. */
export function shownEntries(files: RecordFiles): ShownEntry[] | null {
  const count = [...files.keys()].filter((path) => ENTRY.test(path)).length;
  const entries: ShownEntry[] = [];
  for (let n = 1; n <= count; n += 1) {
    const entry = shownEntry(files, `entries/${numbered(n, 4)}`);
    if (entry === null) return null;
    entries.push(entry);
  }
  return count === 0 ? null : entries;
}

function shownEntry(files: RecordFiles, name: string): ShownEntry | null {
  const [body, nonce, proof] = ['json', 'nonce', 'tlog-proof'].map((extension) => files.get(`${name}.${extension}`));
  const index = INDEX.exec(proof?.toString('latin1') ?? '')?.[1];
  if (body === undefined || nonce?.length !== NONCE_BYTES || index === undefined) return null;
  return { index: Number(index), body, nonce, commitment: commitment(body, nonce) };
}

/** What an entry says that is known to be in the log; null for one that is about nobody. */
export function returningEntry(entry: ShownEntry): ReturningEntry | null {
  try {
    const facts = parseCanonicalJson(entry.body) as ReturningFacts;
    return PERSONAL.has(facts.kind) ? { ...entry, facts } : null;
  } catch (error) {
    if (error instanceof InvariantError) return null;
    throw error;
  }
}

/** The first words of somebody who has not agreed to anything are not kept. */
const mustShowEvent = ({ kind, purposes, evidence }: ReturningFacts): boolean =>
  evidence !== undefined && (kind !== 'opt_in' || purposes?.includes('marketing.broadcast') === true);

/** The events that the entries of a chain rest on, each once; null when one of them is missing or is another one. */
export function shownEvents(
  entries: readonly ReturningEntry[],
  files: RecordFiles,
  budget: EnvelopeBudget,
): ShownEvent[] | null {
  const events = new Map<string, ShownEvent>();
  for (const { facts } of entries) {
    const hash = facts.evidence?.segs[facts.evidence.i]?.[2];
    if (hash === undefined || events.has(hash)) continue;
    const event = shownEvent(facts, files, hash, budget);
    if (event === 'wrong' || (event === null && mustShowEvent(facts))) return null;
    if (event !== null) events.set(hash, event);
  }
  return [...events.values()];
}

/** @returns null when nothing is shown of the event */
function shownEvent(
  facts: ReturningFacts,
  files: RecordFiles,
  hash: string,
  budget: EnvelopeBudget,
): ShownEvent | 'wrong' | null {
  const { evidence } = facts;
  if (evidence === undefined) return null;
  const folder = `evidence/${numbered(facts.subject.n, 4)}`;
  const fileOf = (position: number, extension: string) =>
    files.get(`${folder}/seg.${numbered(position, 3)}.${extension}`);
  const [bytes, nonce] = [fileOf(evidence.i, 'bin'), fileOf(evidence.i, 'nonce')];
  if (bytes === undefined) return null;
  if (nonce?.length !== NONCE_BYTES || eventSegmentHash(bytes, nonce).toString('hex') !== hash) return 'wrong';
  const places = placesOf(evidence.segs);
  const around = places.flatMap((position, at) => {
    const piece = evidence.segs[at]?.[0] === 'p' ? fileOf(at, 'bin') : undefined;
    return piece === undefined ? [] : [{ position, bytes: piece }];
  });
  if (envelopeFault(evidence, around, places) !== null || isKeptBack(facts, around.length, budget)) return 'wrong';
  return { position: places[evidence.i] ?? evidence.i, opening: Buffer.concat([bytes, nonce]), around };
}

/** Whether what lay around the event was kept, and is not shown: an audit would miss it. */
function isKeptBack(facts: ReturningFacts, shown: number, budget: EnvelopeBudget): boolean {
  const { evidence } = facts;
  if (evidence === undefined || shown > 0 || !evidence.segs.some(([kind]) => kind === 'p')) return false;
  if (budget.left === 0) return true;
  budget.left -= 1;
  return isKnownEnvelope(facts, evidence);
}

/** The wordings of a bundle by their hash, as far as they are what their names say. */
export const shownWordings = (files: RecordFiles): Map<string, string> =>
  new Map(
    [...files].flatMap(([path, bytes]): [string, string][] => {
      const hash = /^notices\/([0-9a-f]{64})\.txt$/.exec(path)?.[1];
      return hash !== undefined && sha256(bytes).toString('hex') === hash ? [[hash, bytes.toString('utf8')]] : [];
    }),
  );
