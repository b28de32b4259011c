import { createHash } from 'node:crypto';
import type { ChainEntry, EntryFacts, ProvedMessage, ProvedPerson } from '../../../../src/domain/proof/proof.types';

export const WORDING_SHA256 = createHash('sha256').update('the wording').digest('hex');
export const NOTICE = { lang: 'en', sha256: WORDING_SHA256, surface: 'messenger_welcome', version: 1 };

const REF = '0123456789abcdef0123456789abcdef';

type Facts = Partial<EntryFacts> & Pick<EntryFacts, 'kind'>;

const entryOf = (facts: Facts, at: number): ChainEntry => ({
  entryId: `entry-${String(at)}`,
  index: at * 10,
  body: Buffer.from('{}'),
  nonce: Buffer.alloc(64),
  commitment: createHash('sha256').update(String(at)).digest(),
  segments: new Map(),
  facts: {
    at: `2026-01-0${String(at + 1)}T00:00:00.000Z`,
    psid: 'the-psid',
    page: '100',
    subject: { n: at + 1, ref: REF, prev: null },
    ...facts,
  },
});

/** A person with these entries, and messages that rest on the entries of these numbers. */
export function aPerson(chain: readonly Facts[], consents: readonly number[] = []): ProvedPerson {
  const entries = chain.map(entryOf);
  return {
    leadId: '1',
    pageName: 'A <Shop>',
    metaPageId: '100',
    subjectRef: REF,
    entries,
    messagesInAll: consents.length,
    messages: consents.map((n, at): ProvedMessage => {
      const c = entries[n - 1]?.commitment.toString('hex') ?? '';
      return {
        uuid: `uuid-${String(at)}`,
        broadcastUuid: 'broadcast',
        isTest: false,
        at: new Date('2026-02-01T00:00:00.000Z'),
        body: Buffer.from(JSON.stringify({ consent: { c } })),
        nonce: Buffer.alloc(64),
        position: 0,
        commitments: [],
        sends: { index: 90, body: Buffer.from('{}'), nonce: Buffer.alloc(64) },
      };
    }),
  };
}
