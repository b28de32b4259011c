import { groupBy } from '../../kernel/group-by';
import { openField } from '../../kernel/crypto/field-cipher';
import { splitHashes } from '../../kernel/crypto/merkle';
import { parseCanonicalJson } from '../../kernel/crypto/jcs';
import { InvariantError } from '../../kernel/errors';
import {
  commitment,
  eventSegmentHash,
  evidencePlace,
  NONCE_BYTES,
  openingPlace,
  placesOf,
  sendBody,
  sendCommitment,
  sendNonce,
} from '../consent';
import type { KeyRing } from '../keyring.types';
import { onRing } from '../leads';
import type { RowId, Tx } from '../sql.types';
import {
  readMessages,
  readPeopleRows,
  readSegments,
  readSignedOpenings,
  type MessageFilter,
  type MessageRow,
  type OpeningRow,
  type PersonRow,
  type SegmentRow,
} from './person.store';
import type { ChainEntry, EntryFacts, ProvedMessage, ProvedPerson } from './proof.types';

export interface OpenPeopleDeps {
  readonly keyRing: KeyRing;
  readonly logOrigin: string;
}

/**
 * Opens everything that is proved about some people, in few statements however many they are.
 *
 * Runs inside `leadTransaction`. Answers in the order asked; whoever has no signed entry yet is left out.
 *
 * @param size leaves below it count
 * @throws {InvariantError} `proof_broken` when what is stored does not open what was logged; `assent audit` says where
 */
export async function openPeople(
  tx: Tx,
  deps: OpenPeopleDeps,
  leadIds: readonly RowId[],
  size: number,
  messages: MessageFilter,
): Promise<ProvedPerson[]> {
  const known = new Map((await readPeopleRows(tx, leadIds)).map((row) => [row.id, row]));
  const people = leadIds.flatMap((id) => known.get(id) ?? []);
  const openings = groupBy(await readSignedOpenings(tx, leadIds, size), ({ leadId }) => leadId);
  const segments = await readSegments(tx, leadIds);
  const rows = groupBy(await readMessages(tx, leadIds, size, messages), ({ leadId }) => leadId);
  return people.flatMap((row): ProvedPerson[] => {
    const dek = onRing(row.pageUuid, () =>
      deps.keyRing.unwrapLeadKey(row.pageUuid, row.bucket, row.keyVersion, row.dekWrapped),
    );
    const kept = openSegments(segments, row, dek);
    const entries = (openings.get(row.id) ?? [])
      .map((opening) => openEntry(opening, dek, kept))
      .sort((a, b) => a.facts.subject.n - b.facts.subject.n);
    if (entries.length === 0) return [];
    return [
      {
        leadId: row.id,
        pageName: row.pageName,
        metaPageId: row.metaPageId,
        subjectRef: row.subjectRef.toString('hex'),
        entries,
        messages: (rows.get(row.id) ?? []).map((message) => openMessage(deps, row, dek, entries, message)),
        messagesInAll: rows.get(row.id)?.[0]?.inAll ?? 0,
      },
    ];
  });
}

const broken = (what: string): InvariantError => new InvariantError('proof_broken', `the ledger cannot prove ${what}`);

function split(opening: Buffer): { readonly body: Buffer; readonly nonce: Buffer } {
  const at = opening.length - NONCE_BYTES;
  return { body: opening.subarray(0, at), nonce: opening.subarray(at) };
}

interface KeptSegment {
  readonly deliveryId: string;
  readonly position: number;
  readonly bytes: Buffer;
  /** Null for what lies between events. */
  readonly nonce: Buffer | null;
}

/** The person's own events, and what lies around them in their bodies. */
function openSegments(rows: readonly SegmentRow[], { id }: PersonRow, dek: Buffer): KeptSegment[] {
  const own = rows.filter(({ leadId }) => leadId === id);
  const deliveries = new Set(own.map(({ deliveryId }) => deliveryId));
  const around = rows.filter(({ leadId, deliveryId }) => leadId === null && deliveries.has(deliveryId));
  return [
    ...around.map(({ deliveryId, position, bytes }) => ({ deliveryId, position, bytes, nonce: null })),
    ...own.map(({ deliveryId, position, bytes }) => {
      const opened = split(openField(dek, evidencePlace(deliveryId, position), bytes));
      return { deliveryId, position, bytes: opened.body, nonce: opened.nonce };
    }),
  ];
}

function openEntry({ entryId, openingCt, index }: OpeningRow, dek: Buffer, kept: readonly KeptSegment[]): ChainEntry {
  const { body, nonce } = split(openField(dek, openingPlace(entryId), openingCt));
  const facts = parseCanonicalJson(body) as EntryFacts;
  return {
    entryId,
    index: Number(index),
    body,
    nonce,
    commitment: commitment(body, nonce),
    facts,
    segments: segmentsOf(facts, kept),
  };
}

/** Finds the body an entry rests on by the hash of the person's event in it; the entry names no delivery. */
function segmentsOf({ evidence }: EntryFacts, kept: readonly KeptSegment[]): ChainEntry['segments'] {
  const hash = evidence?.segs[evidence.i]?.[2];
  const event = kept.find(
    ({ bytes, nonce }) => nonce !== null && eventSegmentHash(bytes, nonce).toString('hex') === hash,
  );
  if (evidence === undefined || event === undefined) return new Map();
  const own = { bytes: event.bytes, nonce: event.nonce };
  const places = placesOf(evidence.segs);
  if (event.position !== places[evidence.i]) return new Map([[evidence.i, own]]);
  const around = new Map(
    kept.flatMap((piece) =>
      piece.deliveryId === event.deliveryId && piece.nonce === null ? [[piece.position, piece]] : [],
    ),
  );
  return new Map(
    places.flatMap((position, at) => {
      const piece = evidence.segs[at]?.[0] === 'p' ? around.get(position) : undefined;
      if (at === evidence.i) return [[at, own]];
      return piece === undefined ? [] : [[at, { bytes: piece.bytes, nonce: null }]];
    }),
  );
}

function openMessage(
  deps: OpenPeopleDeps,
  person: PersonRow,
  dek: Buffer,
  entries: readonly ChainEntry[],
  row: MessageRow,
): ProvedMessage {
  const rebuilt = rebuildMessage(deps, person, dek, entries, row);
  if (rebuilt === null) throw broken('a message');
  const sends = split(row.sendsOpening);
  return {
    uuid: row.uuid,
    broadcastUuid: row.broadcastUuid,
    isTest: (parseCanonicalJson(sends.body) as { readonly test?: boolean }).test === true,
    at: row.claimedAt,
    ...rebuilt,
    position: row.position,
    sends: { index: Number(row.sendsIndex), ...sends },
  };
}

/** What of an entry of the chain a message rests on. */
type GrantEntry = Pick<ChainEntry, 'entryId' | 'commitment' | 'facts'> & { readonly index: number | null };

/** Makes what was committed to of a message out of its row again; null when it is not what was logged at its place. */
export function rebuildMessage(
  { logOrigin }: Pick<OpenPeopleDeps, 'logOrigin'>,
  person: Pick<PersonRow, 'metaPageId' | 'subjectRef'>,
  dek: Buffer,
  entries: readonly GrantEntry[],
  row: Omit<MessageRow, 'leadId' | 'sendsEntry' | 'sendsIndex' | 'sendsOpening' | 'inAll'>,
): Pick<ProvedMessage, 'body' | 'nonce' | 'commitments'> | null {
  const grant = entries.find(({ entryId }) => entryId === row.consentEntry);
  if (grant === undefined) return null;
  const nonce = sendNonce(dek, row.uuid, row.attempt);
  const bodyWith = (index: number | null): Buffer =>
    sendBody({
      log: logOrigin,
      delivery: row.uuid,
      broadcast: row.broadcastUuid,
      attempt: row.attempt,
      metaPageId: person.metaPageId,
      psid: grant.facts.psid,
      at: row.claimedAt,
      path: row.path,
      consent: { commitment: grant.commitment, index },
      subject: { ref: person.subjectRef, n: row.subjectN },
    });
  const commitments = splitHashes(row.commitments);
  const logged = commitments[row.position];
  // Release 0.1.0 had no sequencer, and so no index to name.
  const body = [bodyWith(grant.index), bodyWith(null)].find(
    (one) => logged?.equals(sendCommitment(one, nonce)) === true,
  );
  return body === undefined ? null : { body, nonce, commitments };
}
