import { createHash, randomBytes } from 'node:crypto';
import { evidenceOf, hasPlainEnvelope, type SignedBody } from '../../../../src/domain/consent/evidence.rules';

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
    outerNonces: [randomBytes(64), randomBytes(64)],
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

test('a body of very many events is described from one side, and the entry stays small', () => {
  const pieces = Array.from({ length: 1_201 }, (_, place) => (place % 2 === 0 ? ',' : `{"e":${place}}`));
  const body = bodyOf(pieces);
  for (const index of [1, 601, 1_199]) {
    const evidence = evidenceOf(body, index);
    const before = Buffer.from(pieces.slice(0, index).join(''));
    const after = Buffer.from(pieces.slice(index + 1).join(''));
    expect(evidence.index).toBe(1);
    expect(evidence.length).toBe(pieces.join('').length);
    expect(evidence.segments).toEqual([
      { kind: 'e', length: before.length, hash: sha256(sha256(before), body.outerNonces[0]) },
      {
        kind: 'e',
        length: pieces[index]!.length,
        hash: sha256(sha256(Buffer.from(pieces[index]!)), body.nonces.get(index)!),
      },
      { kind: 'e', length: after.length, hash: sha256(sha256(after), body.outerNonces[1]) },
    ]);
  }
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
