import { InvariantError } from '../../../kernel/errors';

/** Tags of the types that time-stamps use. Source: ITU-T X.690. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The tag of a constructed element with its own number, `[n]`. */
export const contextTag = (n: number): number => 0xa0 + n;

/** DER: tag, length, content. */
export function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), lengthBytes(body.length), body]);
}

function lengthBytes(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = Buffer.from(length.toString(16).padStart(length > 0xff ? (length > 0xffff ? 6 : 4) : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([0x80 + bytes.length]), bytes]);
}

/** An object identifier from its dotted form. */
export function derOid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [40 * first + second, ...rest].flatMap((part) => {
    const groups = [part % 128];
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128)) groups.unshift(128 + (left % 128));
    return groups;
  });
  return der(TAG.oid, Buffer.from(bytes));
}

/** A positive integer from its big-endian bytes. */
export function derInteger(bytes: Buffer): Buffer {
  let at = 0;
  while (at < bytes.length - 1 && bytes[at] === 0) at += 1;
  const short = bytes.subarray(at);
  const isNegative = ((short[0] ?? 0) & 0x80) !== 0;
  return der(TAG.integer, isNegative ? Buffer.concat([Buffer.from([0]), short]) : short);
}

const digitsOf = (at: Date): string => at.toISOString().replaceAll(/[-:T]|\.\d+Z/g, '');

export const derTime = (at: Date): Buffer => der(TAG.generalizedTime, Buffer.from(`${digitsOf(at)}Z`));

/** A date of a certificate: before 2050 with two digits of the year (RFC 5280, section 4.1.2.5). */
export const derValidity = (at: Date): Buffer =>
  at.getUTCFullYear() < 2050 ? der(TAG.utcTime, Buffer.from(`${digitsOf(at).slice(2)}Z`)) : derTime(at);

/** An element that was read. */
export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
  /** Tag and length included. */
  readonly whole: Buffer;
}

const notDer = (): InvariantError => new InvariantError('der', 'the bytes are not in DER');

/**
 * Reads one element that fills `bytes`.
 *
 * @throws {InvariantError} `der`, whatever is wrong with the bytes
 */
export function readDer(bytes: Buffer): DerElement {
  const element = elementAt(bytes, 0);
  if (element.whole.length !== bytes.length) throw notDer();
  return element;
}

/** The elements inside a constructed one. */
export function childrenOf({ content }: DerElement): DerElement[] {
  const children: DerElement[] = [];
  for (let at = 0; at < content.length;) {
    const child = elementAt(content, at);
    children.push(child);
    at += child.whole.length;
  }
  return children;
}

function elementAt(bytes: Buffer, at: number): DerElement {
  const tag = bytes[at];
  if (tag === undefined || (tag & 0x1f) === 0x1f) throw notDer();
  const { length, from } = lengthAt(bytes, at + 1);
  if (from + length > bytes.length) throw notDer();
  return { tag, content: bytes.subarray(from, from + length), whole: bytes.subarray(at, from + length) };
}

/** DER allows the shortest form only. Nothing here is longer than 16 MiB. */
function lengthAt(bytes: Buffer, at: number): { readonly length: number; readonly from: number } {
  const first = bytes[at];
  if (first === undefined || first === 0x80 || first > 0x83) throw notDer();
  if (first < 0x80) return { length: first, from: at + 1 };
  const extra = first - 0x80;
  if (at + 1 + extra > bytes.length) throw notDer();
  const length = bytes.readUIntBE(at + 1, extra);
  if (length < (extra === 1 ? 0x80 : 256 ** (extra - 1))) throw notDer();
  return { length, from: at + 1 + extra };
}

/** The dotted form of an object identifier. */
export function readOid({ tag, content }: DerElement): string {
  if (tag !== TAG.oid || content.length === 0) throw notDer();
  const parts: number[] = [];
  let part = 0;
  for (const byte of content) {
    part = part * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      parts.push(part);
      part = 0;
    }
  }
  const [head = 0, ...rest] = parts;
  const first = Math.min(2, Math.floor(head / 40));
  return [first, head - 40 * first, ...rest].join('.');
}

const TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{1,9})?Z$/;

export function readTime({ tag, content }: DerElement): Date {
  const [, year, month, day, hour, minute, second, fraction = ''] = TIME.exec(content.toString('latin1')) ?? [];
  const at = new Date(
    `${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}${fraction.slice(0, 4)}Z`,
  );
  if (tag !== TAG.generalizedTime || Number.isNaN(at.getTime())) throw notDer();
  return at;
}
