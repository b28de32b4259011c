import type { Channel, EventSpan, SpanFault, SpanResult } from './inbound.types';

/** Deeper than any body of Meta's by far; a limit keeps a hostile body from exhausting the stack. */
const MAX_DEPTH = 64;
const CHANNELS: ReadonlySet<string> = new Set<Channel>(['messaging', 'standby', 'changes']);
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const ESCAPED = new Set(Buffer.from('"\\/bfnrt'));
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const LETTER_U = 0x75;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Where a value stands, as far as it matters for finding events. */
type Place =
  | { readonly at: 'root' | 'entries' | 'elsewhere' }
  | { readonly at: 'entry'; readonly entryIndex: number }
  | { readonly at: 'events'; readonly entryIndex: number; readonly channel: Channel };

const ELSEWHERE: Place = { at: 'elsewhere' };

/**
 * Finds the exact bytes of every event in a webhook body, without writing one byte of it anew: the signature covers
 * the bytes as they came. Accepts exactly what JSON.parse accepts, minus duplicate keys (two readers could pick
 * different ones) and nesting deeper than 64.
 */
export function eventSpans(bytes: Buffer): SpanResult {
  const scanner = new Scanner(bytes);
  return scanner.run();
}

class Scanner {
  private index = 0;
  private fault: SpanFault | null = null;
  private readonly spans: EventSpan[] = [];

  constructor(private readonly bytes: Buffer) {}

  run(): SpanResult {
    this.skipSpace();
    if (this.value({ at: 'root' }, 0)) {
      this.skipSpace();
      if (this.index !== this.bytes.length) this.fail('trailing_bytes');
    }
    return this.fault === null ? { ok: true, spans: this.spans } : { ok: false, reason: this.fault };
  }

  private fail(reason: SpanFault): false {
    this.fault ??= reason;
    return false;
  }

  private skipSpace(): void {
    for (;;) {
      const byte = this.bytes[this.index];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.index += 1;
    }
  }

  private take(byte: number): boolean {
    if (this.bytes[this.index] !== byte) return false;
    this.index += 1;
    return true;
  }

  private value(place: Place, depth: number): boolean {
    if (depth > MAX_DEPTH) return this.fail('too_deep');
    const byte = this.bytes[this.index];
    if (byte === OPEN_OBJECT) return this.object(place, depth);
    if (byte === OPEN_ARRAY) return this.array(place, depth);
    return byte === QUOTE ? this.string() !== null : this.literal();
  }

  private object(place: Place, depth: number): boolean {
    this.index += 1;
    this.skipSpace();
    if (this.take(CLOSE_OBJECT)) return true;
    const seen = new Set<string>();
    for (;;) {
      this.skipSpace();
      const key = this.string();
      if (key === null) return false;
      if (seen.has(key)) return this.fail('duplicate_key');
      seen.add(key);
      this.skipSpace();
      if (!this.take(COLON)) return this.fail('not_json');
      this.skipSpace();
      if (!this.value(memberPlace(place, key), depth + 1)) return false;
      this.skipSpace();
      if (this.take(COMMA)) continue;
      return this.take(CLOSE_OBJECT) || this.fail('not_json');
    }
  }

  private array(place: Place, depth: number): boolean {
    this.index += 1;
    this.skipSpace();
    if (this.take(CLOSE_ARRAY)) return true;
    for (let element = 0; ; element += 1) {
      this.skipSpace();
      const start = this.index;
      if (!this.value(elementPlace(place, element), depth + 1)) return false;
      if (place.at === 'events') {
        this.spans.push({ entryIndex: place.entryIndex, channel: place.channel, element, start, end: this.index });
      }
      this.skipSpace();
      if (this.take(COMMA)) continue;
      return this.take(CLOSE_ARRAY) || this.fail('not_json');
    }
  }

  /** Reads a string and gives its decoded text, so that a key written with escapes cannot hide from the checks. */
  private string(): string | null {
    const start = this.index;
    if (!this.take(QUOTE)) return this.refuseString();
    let isEscaped = false;
    for (;;) {
      const byte = this.bytes[this.index];
      if (byte === undefined || byte < 0x20) return this.refuseString();
      this.index += 1;
      if (byte === QUOTE) break;
      if (byte !== BACKSLASH) continue;
      isEscaped = true;
      if (!this.escape()) return this.refuseString();
    }
    const text = this.bytes.toString('utf8', start, this.index);
    return isEscaped ? (JSON.parse(text) as string) : text.slice(1, -1);
  }

  private refuseString(): null {
    this.fail('not_json');
    return null;
  }

  private escape(): boolean {
    const byte = this.bytes[this.index] ?? 0;
    this.index += 1;
    if (byte !== LETTER_U) return ESCAPED.has(byte);
    const hex = this.bytes.toString('latin1', this.index, this.index + 4);
    this.index += 4;
    return /^[0-9a-fA-F]{4}$/.test(hex);
  }

  private literal(): boolean {
    for (const word of ['true', 'false', 'null']) {
      if (this.bytes.toString('latin1', this.index, this.index + word.length) !== word) continue;
      this.index += word.length;
      return true;
    }
    return this.number();
  }

  private number(): boolean {
    let end = this.index;
    while (isNumberByte(this.bytes[end])) end += 1;
    const text = this.bytes.toString('latin1', this.index, end);
    NUMBER.lastIndex = 0;
    if (NUMBER.exec(text)?.[0].length !== text.length || text === '') return this.fail('not_json');
    this.index = end;
    return true;
  }
}

/** Bytes of `0-9 + - . e E`. */
function isNumberByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  if (byte >= 0x30 && byte <= 0x39) return true;
  return byte === 0x2b || byte === 0x2d || byte === 0x2e || byte === 0x45 || byte === 0x65;
}

function memberPlace(place: Place, key: string): Place {
  if (place.at === 'root') return key === 'entry' ? { at: 'entries' } : ELSEWHERE;
  if (place.at === 'entry' && CHANNELS.has(key)) {
    return { at: 'events', entryIndex: place.entryIndex, channel: key as Channel };
  }
  return ELSEWHERE;
}

function elementPlace(place: Place, element: number): Place {
  return place.at === 'entries' ? { at: 'entry', entryIndex: element } : ELSEWHERE;
}
