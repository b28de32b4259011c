import { crc32 } from 'node:zlib';
import type { BundleFile } from './proof.types';

/** Source: PKWARE APPNOTE 6.3.10, its headers and the ZIP64 field; from memory, and seen to hold where other programs read it. */
const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const VERSION = 20;
const VERSION_64 = 45;
/** 1980-01-01 00:00, the first moment a ZIP can name. */
const DOS_DATE = 0x0021;
const MAX_32 = 0xffffffff;
const MAX_16 = 0xffff;

interface Written {
  /** No Buffer: a small one would keep alive the 8 KiB it was cut from, for each file. */
  readonly path: string;
  readonly crc: number;
  readonly size: number;
  readonly offset: number;
}

const u16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
};
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};

/**
 * Writes files into a ZIP as they come: stored, without times, so that the same files give the same bytes. Keeps a name and three
 * numbers of each.
 *
 * @param files in the order of their paths
 */
export async function* zipOf(files: AsyncIterable<BundleFile> | Iterable<BundleFile>): AsyncGenerator<Buffer> {
  const written: Written[] = [];
  let offset = 0;
  for await (const { path, bytes } of files) {
    const file = { path, crc: crc32(bytes), size: bytes.length, offset };
    const header = Buffer.concat([u32(LOCAL), ...common(file, VERSION), u16(0), Buffer.from(path)]);
    yield Buffer.concat([header, bytes]);
    offset += header.length + bytes.length;
    written.push(file);
  }
  const central = Buffer.concat(written.map(centralHeader));
  yield Buffer.concat([central, ending(written.length, offset, central.length)]);
}

/** From the version needed to the length of the name: the same in both headers. */
const common = ({ path, crc, size }: Written, version: number): Buffer[] => [
  u16(version),
  u16(0),
  u16(0),
  u16(0),
  u16(DOS_DATE),
  u32(crc),
  u32(size),
  u32(size),
  u16(Buffer.byteLength(path)),
];

function centralHeader(file: Written): Buffer {
  const isFar = file.offset >= MAX_32;
  const version = isFar ? VERSION_64 : VERSION;
  const extra = isFar ? Buffer.concat([u16(1), u16(8), u64(file.offset)]) : Buffer.alloc(0);
  return Buffer.concat([
    u32(CENTRAL),
    u16(version),
    ...common(file, version),
    u16(extra.length),
    u16(0),
    u16(0),
    u16(0),
    u32(0),
    u32(isFar ? MAX_32 : file.offset),
    Buffer.from(file.path),
    extra,
  ]);
}

function ending(count: number, offset: number, size: number): Buffer {
  const isLarge = count >= MAX_16 || offset >= MAX_32 || size >= MAX_32;
  const end = [
    u32(END),
    u16(0),
    u16(0),
    u16(Math.min(count, MAX_16)),
    u16(Math.min(count, MAX_16)),
    u32(Math.min(size, MAX_32)),
    u32(Math.min(offset, MAX_32)),
    u16(0),
  ];
  if (!isLarge) return Buffer.concat(end);
  const end64 = [u32(END_64), u64(44), u16(VERSION_64), u16(VERSION_64), u32(0), u32(0), u64(count), u64(count)];
  const locator = [u32(LOCATOR_64), u32(0), u64(offset + size), u32(1)];
  return Buffer.concat([...end64, u64(size), u64(offset), ...locator, ...end]);
}
