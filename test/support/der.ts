import type { KeyObject } from 'node:crypto';

/** An element of DER of up to 16 MiB. */
export function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const all = Buffer.concat(content);
  const { length } = all;
  const bytes = [length >> 16, (length >> 8) & 255, length & 255];
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : length < 65_536 ? [0x82] : [0x83];
  const more = length < 256 ? [] : length < 65_536 ? bytes.slice(1) : bytes;
  return Buffer.concat([Buffer.from([tag, ...size, ...more]), all]);
}

/** The children of a DER element. */
export function childrenOf(bytes: Buffer): Buffer[] {
  const sized = (at: number): [from: number, to: number] => {
    const first = bytes[at + 1]!;
    const extra = first < 128 ? 0 : first - 128;
    const from = at + 2 + extra;
    return [from, from + (extra === 0 ? first : bytes.readUIntBE(at + 2, extra))];
  };
  const children: Buffer[] = [];
  const [from, to] = sized(0);
  for (let at = from; at < to; at = sized(at)[1]) children.push(bytes.subarray(at, sized(at)[1]));
  return children;
}

export const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** A certificate of that name, by nobody: its signature is none. */
export function certificateOf(commonName: string, serialNumber: number, publicKey: KeyObject): Buffer {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const ecdsaWithSha256 = der(0x30, hex('06082a8648ce3d040302'));
  const name = der(0x30, der(0x31, der(0x30, hex('0603550403'), der(0x0c, Buffer.from(commonName)))));
  const validity = der(0x30, der(0x17, Buffer.from('200101000000Z')), der(0x17, Buffer.from('491231000000Z')));
  const signature = der(0x03, Buffer.of(0), der(0x30, hex('020101'), hex('020101')));
  const serial = Buffer.alloc(4);
  serial.writeUInt32BE(0x10000000 + serialNumber);
  const facts = [hex('a003020102'), der(0x02, serial), ecdsaWithSha256, name, validity, name, spki];
  return der(0x30, der(0x30, ...facts), ecdsaWithSha256, signature);
}
