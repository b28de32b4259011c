import { createHash, randomBytes } from 'node:crypto';
import {
  evidenceOf,
  hasPlainEnvelope,
  listedPieces,
  type SignedBody,
} from '../../../../src/domain/consent/evidence.rules';

const sha256 = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();

function bodyOf(pieces: readonly string[]): SignedBody {
  const segments = pieces.map((text, place) => ({
    kind: place % 2 === 0 ? ('p' as const) : ('e' as const),
    bytes: Buffer.from(text),
  }));
  return {
    deliveryId: 'd',
    receivedAt: new Date(0),
    header: 'sha256=00',
    secretId: randomBytes(8),
    segments,
    nonces: new Map(segments.flatMap(({ kind }, place) => (kind === 'e' ? [[place, randomBytes(64)] as const] : []))),
    entryIndexes: segments.flatMap(({ kind }) => (kind === 'e' ? [0] : [])),
  };
}

test('every segment by its length and hash; events only as commitments', () => {
  const body = bodyOf(['[', '{"a":1}', ',', '{"b":22}', ']']);
  const evidence = evidenceOf(body, 3);
  expect(evidence).toMatchObject({ index: 3, length: 18, header: 'sha256=00', secretId: body.secretId });
  expect(evidence.segments).toEqual(
    body.segments.map(({ kind, bytes }, place) => ({
      kind,
      length: bytes.length,
      hash: kind === 'p' ? sha256(bytes) : sha256(sha256(bytes), body.nonces.get(place)!),
    })),
  );
  expect(evidenceOf(body, 1).segments).toEqual(evidence.segments);
});

const MANY = 600;
const texts = (body: SignedBody, from: number, to: number): Buffer =>
  Buffer.concat(body.segments.slice(from, to).map(({ bytes }) => bytes));

/** A body of one entry with all the events, or with an entry for each `size` of them. */
function longBody(size = MANY): SignedBody {
  const head = (entry: number) => `{"id":"${entry}","messaging":[`;
  const pieces = Array.from({ length: 2 * MANY + 1 }, (_, place) => {
    const entry = place / 2 / size;
    if (place % 2 === 1) return `{"e":${place}}`;
    if (place === 0) return `{"object":"page","entry":[${head(0)}`;
    if (place === 2 * MANY) return ']}]}';
    return Number.isInteger(entry) ? `]},${head(entry)}` : ' ,\n';
  });
  return { ...bodyOf(pieces), entryIndexes: Array.from({ length: MANY }, (_, event) => Math.floor(event / size)) };
}

/** Of each piece that is listed: what it holds of the body, by the places of its first segment and of the one behind its last. */
function placesListed(body: SignedBody, index: number): [string, number, number][] {
  const listed = listedPieces(body, index);
  return listed.map(({ place, reference }, at) => [
    reference.kind,
    place,
    listed[at + 1]?.place ?? body.segments.length,
  ]);
}

test.each([
  [
    'first',
    longBody(),
    1,
    [
      ['p', 0, 1],
      ['e', 1, 2],
      ['p', 2, 3],
      ['m', 3, 1200],
      ['p', 1200, 1201],
    ],
  ],
  [
    'in the middle',
    longBody(),
    601,
    [
      ['p', 0, 1],
      ['m', 1, 600],
      ['p', 600, 601],
      ['e', 601, 602],
      ['p', 602, 603],
      ['m', 603, 1200],
      ['p', 1200, 1201],
    ],
  ],
  [
    'last',
    longBody(),
    1199,
    [
      ['p', 0, 1],
      ['m', 1, 1198],
      ['p', 1198, 1199],
      ['e', 1199, 1200],
      ['p', 1200, 1201],
    ],
  ],
  [
    'alone in its entry',
    longBody(1),
    601,
    [
      ['p', 0, 1],
      ['m', 1, 600],
      ['p', 600, 601],
      ['e', 601, 602],
      ['p', 602, 603],
      ['m', 603, 1200],
      ['p', 1200, 1201],
    ],
  ],
  [
    'in an entry of ten',
    longBody(10),
    609,
    [
      ['p', 0, 1],
      ['m', 1, 600],
      ['p', 600, 601],
      ['m', 601, 608],
      ['p', 608, 609],
      ['e', 609, 610],
      ['p', 610, 611],
      ['m', 611, 620],
      ['p', 620, 621],
      ['m', 621, 1200],
      ['p', 1200, 1201],
    ],
  ],
])('an event of a long body that is %s is listed with what lies around it', (_name, body, index, expected) => {
  expect(placesListed(body, index)).toEqual(expected);
  const evidence = evidenceOf(body, index);
  const list = body.segments.map(({ kind, bytes }, place) => [
    kind,
    bytes.length,
    (kind === 'p' ? sha256(bytes) : sha256(sha256(bytes), body.nonces.get(place)!)).toString('hex'),
  ]);
  expect(evidence.segments).toEqual(
    expected.map(([kind, from, to]) => {
      const bytes = texts(body, Number(from), Number(to));
      if (kind === 'm') return { kind, length: bytes.length, hash: sha256(Buffer.from(JSON.stringify(list))) };
      return { kind, length: bytes.length, hash: Buffer.from(String(list[Number(from)]![2]), 'hex') };
    }),
  );
  expect(evidence.segments[evidence.index]).toMatchObject({ kind: 'e', length: `{"e":${index}}`.length });
  expect(evidence.length).toBe(texts(body, 0, body.segments.length).length);
  const at = listedPieces(body, index).map(({ position, place }) => position - texts(body, 0, place).length);
  expect(new Set(at)).toEqual(new Set([2 ** 24]));
});

test('an entry of the body with several lists of events is listed whole', () => {
  const pieces = longBody(10).segments.map(({ bytes }) => bytes.toString());
  pieces[604] = '],"standby":[';
  const body = { ...bodyOf(pieces), entryIndexes: longBody(10).entryIndexes };
  const shown = placesListed(body, 617).filter(([kind]) => kind === 'p');
  expect(shown.map(([, place]) => place)).toEqual([0, 600, 604, 616, 618, 620, 1200]);
});

test.each([
  ['{"object":"page","entry":[{"id":"1","time":2,"messaging":[', true, ']}]}'],
  ['{"object":"page","entry":[{"id":1,"time":"2","standby":[', true, ']},{"id":"3"}]}'],
  [' {\n"entry":[{"messaging":[', true, '],"id":"1"}],"object":"page"} '],
  ['{"object":"page","note":"Ann","entry":[{"id":"1","messaging":[', false, ']}]}'],
  ['{"object":"page","entry":[{"id":"1","from":"Ann","messaging":[', false, ']}]}'],
  ['{"object":"page","entry":[{"id":"Ann","messaging":[', false, ']}]}'],
  ['{"object":"page","entry":[{"id":"1","time":"Ann","messaging":[', false, ']}]}'],
  ['{"object":"page","entry":[{"id":"1","standby":"Ann","messaging":[', false, ']}]}'],
  ['{"object":"Ann","entry":[{"id":"1","messaging":[', false, ']}]}'],
])('%s is a plain envelope: %s', (head, isPlain, tail) => {
  expect(hasPlainEnvelope(bodyOf([head, '{"x":1}', tail]))).toBe(isPlain);
});
