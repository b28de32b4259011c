import type { ChainEntry, ProvedPerson } from './proof.types';

/** W3C Data Privacy Vocabulary 2, and its extension for the law of the EU. Checked 2026-11-25. */
const CONTEXT = {
  dpv: 'https://w3id.org/dpv#',
  'eu-gdpr': 'https://w3id.org/dpv/legal/eu/gdpr#',
  dct: 'http://purl.org/dc/terms/',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
};

const STATUS: Readonly<Record<string, string>> = {
  opt_in: 'dpv:ConsentGiven',
  consent: 'dpv:ConsentGiven',
  re_opt_in: 'dpv:RenewedConsentGiven',
  withdraw: 'dpv:ConsentWithdrawn',
};

/** What the Page calls its basis, where the vocabulary has a word for it. */
const BASIS: Readonly<Record<string, string>> = {
  'gdpr.6.1.a': 'eu-gdpr:A6-1-a',
  'gdpr.6.1.b': 'eu-gdpr:A6-1-b',
  'gdpr.6.1.f': 'eu-gdpr:A6-1-f',
};

const PURPOSES: Readonly<Record<string, string>> = {
  'marketing.broadcast': 'dpv:DirectMarketing',
  reply: 'dpv:CommunicationForCustomerCare',
};

const isGrant = ({ facts }: ChainEntry): boolean => facts.purposes !== undefined;
const isEvent = ({ facts }: ChainEntry): boolean => facts.kind in STATUS;
const moment = ({ facts }: ChainEntry): string => facts.event_at ?? facts.at;

/**
 * The consent of one person as a record in the terms of the Data Privacy Vocabulary, with the fields of ISO/IEC TS 27560: what
 * for, on which notice, by which acts, how it stands. A view: the entries prove, this does not.
 */
export function consentRecord(person: ProvedPerson, log: string): Buffer {
  const grants = person.entries.filter(isGrant);
  const last = grants.at(-1);
  const events = person.entries.filter(isEvent);
  const record = {
    '@context': CONTEXT,
    '@id': `urn:assent:consent:${person.subjectRef}`,
    '@type': 'dpv:ConsentRecord',
    'dct:conformsTo': ['ISO/IEC TS 27560:2023', 'https://w3id.org/dpv'],
    schema_version: '1',
    record_id: person.subjectRef,
    pii_principal_id: person.subjectRef,
    'dpv:hasDataSubject': { '@id': `urn:assent:subject:${person.subjectRef}` },
    'dpv:hasDataController': { '@id': `https://facebook.com/${person.metaPageId}`, 'dct:title': person.pageName },
    pii_processing: {
      'dpv:hasPurpose': (last?.facts.purposes ?? []).map((purpose) => ({
        '@id': PURPOSES[purpose] ?? purpose,
        purpose,
      })),
      'dpv:hasLegalBasis': legalBasisOf(grants),
      'dpv:hasPersonalData': ['page-scoped id', 'times of messages', 'the message by which the person agreed'],
      'dpv:hasProcessing': ['dpv:Store', 'dpv:Use'],
      notice: person.entries.flatMap(({ facts: { notice } }) =>
        notice === undefined
          ? []
          : [{ '@type': 'dpv:ConsentNotice', language: notice.lang, version: notice.version, sha256: notice.sha256 }],
      ),
    },
    'dpv:hasConsentStatus': STATUS[events.at(-1)?.facts.kind ?? ''] ?? 'dpv:ConsentUnknown',
    event: events.map((entry) => ({
      event_time: moment(entry),
      event_state: STATUS[entry.facts.kind],
      event_type: entry.facts.kind,
      via: entry.facts.via ?? null,
      'dpv:isIndicatedBy': 'dpv:DataSubject',
      ledger: { log, leaf: entry.index, commitment: entry.commitment.toString('hex'), n: entry.facts.subject.n },
    })),
  };
  return Buffer.from(`${JSON.stringify(record, null, 2)}\n`);
}

function legalBasisOf(grants: readonly ChainEntry[]): object {
  const named = grants.findLast(({ facts }) => facts.basis !== undefined)?.facts.basis;
  return named === undefined ? { '@id': 'dpv:LegalBasis' } : { '@id': BASIS[named] ?? 'dpv:LegalBasis', basis: named };
}
