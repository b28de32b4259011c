import fc from 'fast-check';
import { eventSpans } from '../../../../src/domain/inbox/spans.rules';
import { anyBody } from './any-body';

const CHANNELS = ['messaging', 'standby', 'changes'];

const spansOf = (body: string) => {
  const result = eventSpans(Buffer.from(body));
  if (!result.ok) throw new Error(result.reason);
  return result.spans.map((span) => Buffer.from(body).toString('utf8', span.start, span.end));
};

const faultOf = (body: string | Buffer) => {
  const result = eventSpans(Buffer.from(body as string));
  return result.ok ? 'accepted' : result.reason;
};

/** Events as JSON.parse sees them, to compare with what the scanner found. */
function parsedEvents(body: unknown): unknown[] {
  const isRecord = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isRecord(body) || !Array.isArray(body['entry'])) return [];
  return (body['entry'] as unknown[]).filter(isRecord).flatMap((entry) =>
    Object.keys(entry)
      .filter((key) => CHANNELS.includes(key) && Array.isArray(entry[key]))
      .flatMap((key) => entry[key] as unknown[]),
  );
}

describe('eventSpans', () => {
  it('gives the exact bytes of every event, white space around them left out', () => {
    const body =
      '{"object":"page","entry":[{"id":"1","messaging":[ {"a": 1} ,{"b":"]}"}],"standby":[{"c":[1,2]}]}, {"changes":[7]}]}';
    expect(spansOf(body)).toEqual(['{"a": 1}', '{"b":"]}"}', '{"c":[1,2]}', '7']);
  });

  it('says which element of which list an event is', () => {
    const result = eventSpans(Buffer.from('{"entry":[{},{"standby":[1,2]}]}'));
    expect(result).toMatchObject({
      ok: true,
      spans: [
        { entryIndex: 1, element: 0 },
        { entryIndex: 1, element: 1 },
      ],
    });
  });

  it('finds a list whose name is written with escapes', () => {
    expect(spansOf('{"entry":[{"mess\\u0061ging":[{"x":1}]}]}')).toEqual(['{"x":1}']);
  });

  it('finds no event outside entry[]', () => {
    expect(
      spansOf(
        '{"messaging":[1],"x":{"entry":[{"messaging":[1]}]},"entry":[{"y":{"messaging":[1]},"messaging":{"changes":[1]}}]}',
      ),
    ).toEqual([]);
    expect(spansOf('[{"entry":[{"messaging":[1]}]}]')).toEqual([]);
  });

  it.each([
    ['duplicate keys', '{"a":1,"a":2}', 'duplicate_key'],
    ['duplicate keys, one of them escaped', '{"a":1,"\\u0061":2}', 'duplicate_key'],
    ['duplicate keys deep inside an event', '{"entry":[{"messaging":[{"x":{"k":1,"k":1}}]}]}', 'duplicate_key'],
    ['bytes after the body', '{} {}', 'trailing_bytes'],
    ['a NUL after the body', '{}\0', 'trailing_bytes'],
    ['an empty body', '', 'not_json'],
    ['a byte order mark', '\ufeff{}', 'not_json'],
    ['a number with a leading zero', '{"a":01}', 'not_json'],
    ['a bare minus', '{"a":-}', 'not_json'],
    ['an unknown escape', '{"a":"\\x"}', 'not_json'],
    ['a short unicode escape', '{"a":"\\u12"}', 'not_json'],
    ['a control character in a string', '{"a":"\n"}', 'not_json'],
    ['an unfinished string', '{"a":"', 'not_json'],
    ['a trailing comma', '{"a":1,}', 'not_json'],
    ['a comma at the end of a list', '[1,]', 'not_json'],
    ['a wrong word', '{"a":nul}', 'not_json'],
  ])('refuses %s', (_, body, reason) => {
    expect(faultOf(body)).toBe(reason);
  });

  it('accepts a value 64 levels down and refuses one 65 down', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(faultOf(nested(65))).toBe('accepted');
    expect(faultOf(nested(66))).toBe('too_deep');
    expect(faultOf('['.repeat(1_000_000))).toBe('too_deep');
  });

  it('finds as many events as JSON.parse, with the same content, in any body', () => {
    fc.assert(
      fc.property(anyBody(), (body) => {
        const text = JSON.stringify(body);
        expect(spansOf(text).map((span): unknown => JSON.parse(span))).toEqual(parsedEvents(JSON.parse(text)));
      }),
      { numRuns: 2_000 },
    );
  });

  it('agrees with JSON.parse on 60,000 damaged bodies and never throws', () => {
    const random = seeded(20261123);
    const samples = fc.sample(anyBody(), { numRuns: 300, seed: 7 }).map((body) => Buffer.from(JSON.stringify(body)));
    const seen = { accepted: 0, not_json: 0, trailing_bytes: 0, duplicate_key: 0, too_deep: 0 };
    for (let round = 0; round < 60_000; round += 1) {
      const damaged = damage(samples[round % samples.length]!, random);
      const result = eventSpans(damaged);
      seen[result.ok ? 'accepted' : result.reason] += 1;
      if (!result.ok && result.reason === 'duplicate_key') continue;
      const parsed = tryParse(damaged);
      if (result.ok !== parsed.ok) throw new Error(`disagreement on ${damaged.toString('base64')}`);
      if (result.ok && parsed.ok && result.spans.length !== parsedEvents(parsed.value).length) {
        throw new Error(`other events in ${damaged.toString('base64')}`);
      }
    }
    expect(seen.accepted).toBeGreaterThan(1_000);
    expect(seen.not_json).toBeGreaterThan(10_000);
    expect(seen.trailing_bytes).toBeGreaterThan(10);
  });
});

function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x1_0000_0000;
  };
}

const SPARE_BYTES = Buffer.from('{}[]",:\\u0019.eE+-tfn \n\xff\x00"entry""messaging"', 'latin1');

function damage(original: Buffer, random: () => number): Buffer {
  let bytes = Buffer.from(original);
  const cuts = 1 + Math.floor(random() * 3);
  for (let cut = 0; cut < cuts; cut += 1) {
    const at = Math.floor(random() * (bytes.length + 1));
    const spare = SPARE_BYTES.subarray(Math.floor(random() * SPARE_BYTES.length)).subarray(0, 1);
    const dropped = Math.floor(random() * 3);
    const kept = random() < 0.6 ? spare : Buffer.alloc(0);
    bytes = Buffer.concat([bytes.subarray(0, at), kept, bytes.subarray(at + dropped)]);
  }
  return bytes;
}

function tryParse(bytes: Buffer): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(bytes.toString('utf8')) as unknown };
  } catch {
    return { ok: false };
  }
}
