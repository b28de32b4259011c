import type { ChainEntry, ProvedPerson } from './proof.types';

/**
 * The fields of ISO/IEC TS 27560:2023, each by the term of the W3C Data Privacy Vocabulary 2 that means the same. Without a
 * term here a reader of JSON-LD would pass over the field. Source: https://w3id.org/dpv/guides/consent-27560, checked 2026-11-26;
 * the standard itself is sold, was not read, and its field names are those that others publish.
 */
const CONTEXT = {
  '@version': 1.1,
  dpv: 'https://w3id.org/dpv#',
  'eu-gdpr': 'https://w3id.org/dpv/legal/eu/gdpr#',
  dct: 'http://purl.org/dc/terms/',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
  schema_version: 'dct:conformsTo',
  record_id: 'dct:identifier',
  description: 'dct:description',
  pii_principal_id: { '@id': 'dpv:hasDataSubject', '@type': '@id' },
  consent_status: { '@id': 'dpv:hasConsentStatus', '@type': '@id' },
  pii_processing: 'dpv:hasProcess',
  privacy_notice: 'dpv:hasNotice',
  language: 'dct:language',
  version: 'dct:hasVersion',
  sha256: 'dct:identifier',
  purposes: { '@id': 'dpv:hasPurpose', '@type': '@id' },
  lawful_basis: { '@id': 'dpv:hasLegalBasis', '@type': '@id' },
  pii_information: 'dpv:hasPersonalData',
  pii_type: 'dct:description',
  pii_controllers: 'dpv:hasDataController',
  recipient_third_parties: 'dpv:hasThirdParty',
  party_id: 'dct:identifier',
  party_name: 'dpv:hasName',
  processing_method: { '@id': 'dpv:hasProcessing', '@type': '@id' },
  withdrawal_method: 'dpv:hasConsentControl',
  event: 'dpv:hasConsentStatus',
  event_state: '@type',
  event_time: { '@id': 'dpv:isIndicatedAtTime', '@type': 'xsd:dateTime' },
  event_type: { '@id': 'dpv:hasLegalBasis', '@type': '@id' },
  entity_id: { '@id': 'dpv:isIndicatedBy', '@type': '@id' },
  validity_duration: 'dpv:hasDuration',
  via: 'dpv:hasIndicationMethod',
  ledger: { '@id': 'dct:provenance', '@type': '@json' },
};

const DESCRIPTION =
  'Made from the entries of a ledger, which prove; this record does not. Storage, retention, jurisdiction and the address ' +
  'of the controller stand in no entry: they are for the controller to add.';

/** What the Page calls its basis. */
const BASIS: Readonly<Record<string, string>> = {
  'gdpr.6.1.a': 'eu-gdpr:A6-1-a',
  'gdpr.6.1.f': 'eu-gdpr:A6-1-f',
  'uk-gdpr.6.1.a': 'dpv:Consent',
  'fadp.6.6': 'dpv:Consent',
  'lgpd.7.i': 'dpv:Consent',
  'casl.express': 'dpv:ExpressedConsent',
  'casl.implied': 'dpv:ImpliedConsent',
  consent: 'dpv:Consent',
};

const MARKETING = 'marketing.broadcast';
const PURPOSES: Readonly<Record<string, string>> = {
  [MARKETING]: 'dpv:DirectMarketing',
  reply: 'dpv:CommunicationForCustomerCare',
};

/** Acts that mean nothing but the consent; others open the conversation, and consent is read from that. */
const EXPRESSED: ReadonlySet<string | undefined> = new Set([
  'quick_reply',
  'button',
  'keyword',
  'optin_plugin',
  'marketing_optin',
]);
/** Withdrawals that the Page carried out, be it on a report of Messenger. */
const BY_THE_PAGE: ReadonlySet<string | undefined> = new Set(['admin', 'api', 'bounce']);

const UNKNOWN = 'dpv:ConsentUnknown';

/** The state an entry leads to, for broadcasts; null when it is no event of consent. A chat that was opened may be no consent. */
function stateOf({ facts }: ChainEntry): string | null {
  if (facts.kind === 'withdraw') return BY_THE_PAGE.has(facts.via) ? 'dpv:ConsentRevoked' : 'dpv:ConsentWithdrawn';
  if (facts.purposes === undefined) return null;
  if (!facts.purposes.includes(MARKETING)) return UNKNOWN;
  return facts.kind === 're_opt_in' ? 'dpv:RenewedConsentGiven' : 'dpv:ConsentGiven';
}

/**
 * The consent of one person as JSON-LD: the fields of ISO/IEC TS 27560 with the terms of the Data Privacy Vocabulary. What for,
 * on which notice, by which acts, how it stands. Names the person by `subject.ref` alone. A view: the entries prove, this does not.
 */
export function consentRecord(person: ProvedPerson, log: string): Buffer {
  const subject = `urn:assent:subject:${person.subjectRef}`;
  const controller = `https://facebook.com/${person.metaPageId}`;
  const record = {
    '@context': CONTEXT,
    '@id': `urn:assent:consent:${person.subjectRef}`,
    '@type': 'dpv:ConsentRecord',
    schema_version: 'assent-consent-record/1',
    description: DESCRIPTION,
    record_id: person.subjectRef,
    pii_principal_id: subject,
    consent_status: person.entries.map(stateOf).findLast((state) => state !== null && state !== UNKNOWN) ?? UNKNOWN,
    pii_processing: processing(person, controller),
    event: person.entries.flatMap((entry) => {
      const state = stateOf(entry);
      return state === null ? [] : [event(entry, state, log, { subject, controller })];
    }),
  };
  return Buffer.from(`${JSON.stringify(record, null, 2)}\n`);
}

function processing({ entries, metaPageId, pageName }: ProvedPerson, controller: string): object {
  const purposes = entries.findLast(({ facts }) => facts.purposes !== undefined)?.facts.purposes ?? [];
  const basis = entries.findLast(({ facts }) => facts.basis !== undefined)?.facts.basis;
  return {
    '@type': 'dpv:Process',
    privacy_notice: entries.flatMap(({ facts: { notice } }) =>
      notice === undefined
        ? []
        : [{ '@type': 'dpv:ConsentNotice', language: notice.lang, version: notice.version, sha256: notice.sha256 }],
    ),
    purposes: purposes.map((purpose) => PURPOSES[purpose] ?? 'dpv:Purpose'),
    lawful_basis: BASIS[basis ?? ''] ?? 'dpv:LegalBasis',
    ...(basis === undefined ? {} : { description: `The Page calls its basis ${basis}.` }),
    pii_information: ['page-scoped id', 'times of messages', 'the message by which the person agreed'].map((type) => ({
      '@type': 'dpv:PersonalData',
      pii_type: type,
    })),
    processing_method: ['dpv:Collect', 'dpv:Store', 'dpv:Use'],
    pii_controllers: { '@id': controller, '@type': 'dpv:DataController', party_id: metaPageId, party_name: pageName },
    recipient_third_parties: { '@type': 'dpv:ThirdParty', party_name: 'Meta, which runs Messenger' },
    withdrawal_method: {
      '@type': 'dpv:WithdrawConsent',
      description: "A word such as STOP to the Page, the menu of the chat, or the person's own page",
    },
  };
}

interface Parties {
  readonly subject: string;
  readonly controller: string;
}

function event({ facts, index, commitment }: ChainEntry, state: string, log: string, parties: Parties): object {
  const isGrant = facts.purposes?.includes(MARKETING) === true;
  const isByThePage = facts.kind === 'withdraw' && BY_THE_PAGE.has(facts.via);
  return {
    event_time: facts.event_at ?? facts.at,
    event_state: state,
    ...(isGrant
      ? {
          event_type: EXPRESSED.has(facts.via) ? 'dpv:ExpressedConsent' : 'dpv:ImpliedConsent',
          validity_duration: 'until it is withdrawn',
        }
      : {}),
    entity_id: isByThePage ? parties.controller : parties.subject,
    via: facts.via ?? null,
    ledger: { log, kind: facts.kind, n: facts.subject.n, leaf: index, commitment: commitment.toString('hex') },
  };
}
