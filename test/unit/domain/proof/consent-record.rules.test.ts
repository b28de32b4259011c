import { consentRecord } from '../../../../src/domain/proof/consent-record.rules';
import type { ProvedPerson } from '../../../../src/domain/proof/proof.types';
import { aPerson, NOTICE, WORDING_SHA256 } from './a-person';

interface ConsentRecord {
  readonly '@context': Readonly<Record<string, unknown>>;
  readonly consent_status: string;
  readonly pii_processing: Readonly<Record<string, unknown>>;
  readonly event: readonly Readonly<Record<string, unknown>>[];
}

const recordOf = (person: ProvedPerson) => JSON.parse(consentRecord(person, 'log.test').toString()) as ConsentRecord;
const BROADCASTS = ['marketing.broadcast', 'reply'];
const grant = (kind: string, via: string) => ({ kind, via, notice: NOTICE, purposes: BROADCASTS, basis: 'gdpr.6.1.a' });

function keysOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(keysOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...(key === 'ledger' ? [] : keysOf(inner))]);
}

describe('the consent record', () => {
  const chain = [
    grant('opt_in', 'first_message'),
    { kind: 'notice_shown', notice: NOTICE },
    { kind: 'withdraw', via: 'keyword' },
  ];

  it('has a term of the vocabulary for every field, so that a reader of JSON-LD passes over none', () => {
    const { '@context': context, ...rest } = recordOf(aPerson(chain));
    const fields = new Set(keysOf(rest).filter((key) => !key.startsWith('@')));
    expect([...fields].filter((field) => !(field in context))).toEqual([]);
    const prefixes = ['@version', 'dpv', 'eu-gdpr', 'dct', 'xsd'];
    expect(Object.keys(context).filter((term) => !prefixes.includes(term) && !fields.has(term))).toEqual([]);
  });

  it('says what for, on what basis, on which notice, and by which acts', () => {
    expect(recordOf(aPerson(chain))).toMatchObject({
      '@type': 'dpv:ConsentRecord',
      pii_principal_id: expect.stringContaining('urn:assent:subject:') as string,
      consent_status: 'dpv:ConsentWithdrawn',
      pii_processing: {
        purposes: ['dpv:DirectMarketing', 'dpv:CommunicationForCustomerCare'],
        lawful_basis: 'eu-gdpr:A6-1-a',
        privacy_notice: [
          { language: 'en', version: 1, sha256: WORDING_SHA256 },
          { language: 'en', version: 1, sha256: WORDING_SHA256 },
        ],
        pii_controllers: { party_id: '100', party_name: 'A <Shop>' },
      },
      event: [
        { event_state: 'dpv:ConsentGiven', event_type: 'dpv:ImpliedConsent', event_time: '2026-01-01T00:00:00.000Z' },
        { event_state: 'dpv:ConsentWithdrawn', via: 'keyword', ledger: { kind: 'withdraw', n: 3, leaf: 20 } },
      ],
    });
  });

  it('never names the person but by the reference of their chain', () => {
    expect(consentRecord(aPerson(chain), 'log.test').toString()).not.toContain('the-psid');
  });

  it.each(['quick_reply', 'button', 'keyword', 'optin_plugin', 'marketing_optin'])(
    'counts %s as consent that was expressed',
    (via) => {
      expect(recordOf(aPerson([grant('consent', via)])).event[0]).toMatchObject({ event_type: 'dpv:ExpressedConsent' });
    },
  );

  it('does not take a chat that was opened for consent to broadcasts', () => {
    const opened = { kind: 'opt_in', via: 'get_started', purposes: ['reply'], basis: 'consent' };
    const only = recordOf(aPerson([opened]));
    expect([only.consent_status, only.event]).toMatchObject(['dpv:ConsentUnknown', [{ via: 'get_started' }]]);
    expect(only.event[0]).not.toHaveProperty('event_type');
    expect(recordOf(aPerson([opened, grant('consent', 'button')])).consent_status).toBe('dpv:ConsentGiven');
    const back = [grant('opt_in', 'ad'), { kind: 'withdraw', via: 'web' }, { ...opened, kind: 're_opt_in' }];
    expect(recordOf(aPerson(back)).consent_status).toBe('dpv:ConsentWithdrawn');
  });

  it.each([
    ['keyword', 'dpv:ConsentWithdrawn', 'urn:assent:subject:'],
    ['meta_stop', 'dpv:ConsentWithdrawn', 'urn:assent:subject:'],
    ['admin', 'dpv:ConsentRevoked', 'https://facebook.com/100'],
    ['bounce', 'dpv:ConsentRevoked', 'https://facebook.com/100'],
  ])('says of a withdrawal by %s who carried it out', (via, state, by) => {
    const record = recordOf(aPerson([grant('opt_in', 'ad'), { kind: 'withdraw', via }]));
    expect(record.event[1]).toMatchObject({ event_state: state, entity_id: expect.stringContaining(by) as string });
    expect(record.consent_status).toBe(state);
  });

  it('says that it was renewed', () => {
    const chain = [grant('opt_in', 'ad'), { kind: 'withdraw', via: 'web' }, grant('re_opt_in', 'keyword')];
    expect(recordOf(aPerson(chain)).consent_status).toBe('dpv:RenewedConsentGiven');
  });

  it.each([
    ['gdpr.6.1.f', 'eu-gdpr:A6-1-f'],
    ['casl.implied', 'dpv:ImpliedConsent'],
    ['lgpd.7.i', 'dpv:Consent'],
    ['something.else', 'dpv:LegalBasis'],
  ])('knows the basis %s', (basis, expected) => {
    const record = recordOf(aPerson([{ ...grant('opt_in', 'ad'), basis }]));
    expect(record.pii_processing).toMatchObject({
      lawful_basis: expected,
      description: `The Page calls its basis ${basis}.`,
    });
  });
});
