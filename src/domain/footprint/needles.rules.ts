import { sha256 } from '../../kernel/crypto/merkle';

/** A form in which a value may lie somewhere. */
export interface Needle {
  readonly encoding: string;
  readonly bytes: Buffer;
}

/** Shorter ones stand everywhere by chance. */
export const LEAST_BYTES = 6;

/**
 * All forms in which a value is looked for: as text in both normal forms and cases, in two widths, in hex, base64 (wherever it begins in
 * it), as JSON escapes and in addresses; its bare hash, for that would name the person too; and the bytes that it names in hex.
 *
 * @param value at least `LEAST_BYTES` bytes in UTF-8
 */
export function needlesOf(value: string): Needle[] {
  // Of texts that are the same, the last one names the form.
  const texts = new Map([
    [value.toLowerCase(), 'lower case'],
    [value.toUpperCase(), 'upper case'],
    [value.normalize('NFD'), 'NFD'],
    [value.normalize('NFC'), 'NFC'],
    [value, 'as it is'],
  ]);
  const needles = [...[...texts].flatMap(([text, form]) => formsOf(form, text)), ...bytesNamedBy(value)];
  const seen = new Set<string>();
  return needles.filter(({ bytes }) => {
    const mark = bytes.toString('latin1');
    if (bytes.length < LEAST_BYTES || seen.has(mark)) return false;
    seen.add(mark);
    return true;
  });
}

/** An id that people read in hex, such as a UUID, lies as its bytes in a binary column or file. */
function bytesNamedBy(value: string): Needle[] {
  const digits = value.replaceAll('-', '');
  return /^(?:[0-9a-f]{2})+$/i.test(digits) ? [{ encoding: 'bytes of hex', bytes: Buffer.from(digits, 'hex') }] : [];
}

function formsOf(form: string, text: string): Needle[] {
  const utf8 = Buffer.from(text, 'utf8');
  const digest = sha256(utf8);
  const hex = utf8.toString('hex');
  const named = (encoding: string, bytes: Buffer | string): Needle => ({
    encoding: form === 'as it is' ? encoding : `${encoding}, ${form}`,
    bytes: Buffer.from(bytes as string, 'latin1'),
  });
  return [
    named('UTF-8', utf8),
    named('UTF-16', Buffer.from(text, 'utf16le')),
    named('hex', hex),
    named('hex', hex.toUpperCase()),
    ...[0, 1, 2].flatMap((shift) => base64From(utf8, shift).map((part) => named('base64', part))),
    named('JSON escapes', jsonEscapes(text)),
    named(
      'JSON escapes',
      jsonEscapes(text).replace(/\\u[0-9a-f]{4}/g, (escape) => `\\u${escape.slice(2).toUpperCase()}`),
    ),
    named('percent', encodeURIComponent(text)),
    named('percent', [...utf8].map((byte) => `%${hexOf(byte)}`).join('')),
    named('percent', [...utf8].map((byte) => `%${hexOf(byte).toUpperCase()}`).join('')),
    named('SHA-256', digest),
    named('SHA-256 in hex', digest.toString('hex')),
    named('SHA-256 in base64', digest.toString('base64').slice(0, -1)),
    named('SHA-256 in base64url', digest.toString('base64url')),
  ];
}

const hexOf = (byte: number): string => byte.toString(16).padStart(2, '0');
const jsonEscapes = (text: string): string =>
  Array.from({ length: text.length }, (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');

/** The characters that these bytes alone decide, when so many others of a group of three stand before them; in both alphabets. */
function base64From(bytes: Buffer, shift: number): string[] {
  const text = Buffer.concat([Buffer.alloc(shift), bytes, Buffer.alloc(3)]).toString('base64');
  const own = text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
  return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
}
