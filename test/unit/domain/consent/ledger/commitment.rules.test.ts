import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import {
  commitment,
  envelopeSegmentHash,
  eventSegmentHash,
  secretCommitment,
  sendCommitment,
  sendNonce,
  sendsRoot,
} from '../../../../../src/domain/consent/ledger/commitment.rules';
import { leafHash, nodeHash, treeHead } from '../../../../../src/kernel/crypto/merkle';

const R = Buffer.from(Array.from({ length: 64 }, (_, at) => at));
const BODY_1 = Buffer.from('{"kind":"opt_in","v":1}');
const BODY_2 = Buffer.from('{"kind":"send","v":1}');
const badInput = expect.objectContaining({ code: 'ledger_input' }) as Error;
const sha256 = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();

const RFC_INPUTS = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((text) => Buffer.from(text, 'hex'));

const RFC_HEADS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('commitment and leaf', () => {
  it('give the known answers', () => {
    const [one, two] = [commitment(BODY_1, R), commitment(BODY_2, R)];
    expect(one.toString('hex')).toBe('51118bdb64bb09f90ff89b392b428b0757718030025b9eba24e9f5c55e587063');
    expect(two.toString('hex')).toBe('a097dda246af9ff63e72c59abb77b57b538f975d89062b7fe2399048dc0845e2');
    expect(leafHash(one).toString('hex')).toBe('63968821becb84239f613cc604f04c1a3690e658a95fb968f07e3a97c221f27c');
    expect(leafHash(two).toString('hex')).toBe('9a3d680d1901bbe5abecb1546eaa3ac2422be422099378c4999c7aa378171a7b');
    const root = '8483d1a82d0a217ad4f0a1a682d21ed5d159998aa34d24747f015c0fc08cf562';
    expect(nodeHash(leafHash(one), leafHash(two)).toString('hex')).toBe(root);
    expect(treeHead([one, two]).toString('hex')).toBe(root);
  });

  it.each([0, 32, 63, 65])('refuse a nonce of %i bytes', (length) => {
    expect(() => commitment(BODY_1, Buffer.alloc(length))).toThrow(badInput);
  });
});

describe('treeHead', () => {
  it.each(RFC_HEADS.map((head, size) => [size, head] as const))(
    'gives the RFC 6962 head of %i inputs',
    (size, head) => {
      expect(treeHead(RFC_INPUTS.slice(0, size)).toString('hex')).toBe(head);
    },
  );

  it('splits at the largest power of two below the size, as the RFC defines it', () => {
    const byDefinition = (inputs: readonly Buffer[]): Buffer => {
      if (inputs.length === 1) return sha256(Buffer.from([0]), inputs[0]!);
      let split = 1;
      while (split * 2 < inputs.length) split *= 2;
      return sha256(Buffer.from([1]), byDefinition(inputs.slice(0, split)), byDefinition(inputs.slice(split)));
    };
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { minLength: 1, maxLength: 70 }), (raw) => {
        const inputs = raw.map((bytes) => Buffer.from(bytes));
        expect(treeHead(inputs).equals(byDefinition(inputs))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('one message of a chunk', () => {
  const DEK = Buffer.alloc(32, 9);
  const DELIVERY = '5c8a8f4e-64b0-4b7a-9c54-0d2b1b0e7a11';

  it('has a nonce made from the key of the lead, the delivery and the attempt', () => {
    const nonce = sendNonce(DEK, DELIVERY, 2);
    expect(nonce.equals(createHmac('sha512', DEK).update(`assent/send/v1|${DELIVERY}|2`).digest())).toBe(true);
    expect(nonce.length).toBe(64);
    expect(sendNonce(DEK, DELIVERY, 1).equals(nonce)).toBe(false);
    expect(sendNonce(Buffer.alloc(32, 8), DELIVERY, 2).equals(nonce)).toBe(false);
    expect(() => sendNonce(Buffer.alloc(16), DELIVERY, 1)).toThrow(badInput);
  });

  it('commits like every entry', () => {
    const nonce = sendNonce(DEK, DELIVERY, 1);
    expect(sendCommitment(BODY_2, nonce).equals(sha256(sha256(BODY_2), nonce))).toBe(true);
  });

  it('stands in the root of its chunk in claim order', () => {
    const [one, two] = [commitment(BODY_1, R), commitment(BODY_2, R)];
    expect(sendsRoot([one, two]).equals(treeHead([one, two]))).toBe(true);
    expect(sendsRoot([two, one]).equals(sendsRoot([one, two]))).toBe(false);
    expect(() => sendsRoot([])).toThrow(badInput);
    expect(() => sendsRoot([one, two.subarray(1)])).toThrow(badInput);
  });
});

describe('evidence', () => {
  it('names envelope bytes by their hash and an event by a commitment', () => {
    const bytes = Buffer.from('{"object":"page"');
    expect(envelopeSegmentHash(bytes).equals(sha256(bytes))).toBe(true);
    expect(eventSegmentHash(bytes, R).equals(sha256(sha256(bytes), R))).toBe(true);
    expect(() => eventSegmentHash(bytes, R.subarray(32))).toThrow(badInput);
  });

  it('names an app secret by the first bytes of its commitment', () => {
    expect(secretCommitment('shh').equals(sha256(Buffer.from('assent/secret-id\nshh')))).toBe(true);
  });
});
