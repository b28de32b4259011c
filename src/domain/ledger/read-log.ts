import { HASH_BYTES } from '../../kernel/crypto/merkle';
import type { KeyRing } from '../keyring.types';
import type { Sql } from '../sql.types';
import { readAnchors } from './anchor/anchor.store';
import { cosignedNote } from './anchor/cosigned-note.rules';
import { readHead, readTiles } from './ledger.store';
import { logKeys, logVkey, type LogKey } from './log-keys';
import { INPUT_LEVEL, TILE_WIDTH } from './tree.rules';

/** Length of every entry, as C2SP tlog-tiles puts it before each: our entries are commitments of 32 bytes. */
const ENTRY_LENGTH = Buffer.from([0, HASH_BYTES]);
const WITH_WIDTH = /^(.+)\.p\/([1-9]\d{0,2})$/;
const LEVEL = /^(entries|0|[1-9]\d?)\//;
const PLACE = /^(x\d{3}\/)*\d{3}$/;
const GROUP_DIGITS = 3;
const MOST_DIGITS = 15;

export interface ReadLogDeps {
  readonly db: Sql;
  readonly keyRing: KeyRing;
  readonly logOrigin: string;
}

export interface ReadLog {
  /** The newest signed checkpoint; null while nothing has been signed. */
  checkpoint(): Promise<string | null>;
  /** What verifiers are given of the log's key, and of those it took the place of, the oldest first. */
  keys(): Promise<{ readonly vkey: string; readonly former: readonly LogKey[] }>;
  /** A tile or a bundle of entries by the path C2SP tlog-tiles gives it (`0/x001/234`, `entries/000.p/7`); null when there is none. */
  tile(path: string): Promise<Buffer | null>;
}

export const makeReadLog = ({ db, keyRing, logOrigin }: ReadLogDeps): ReadLog => ({
  checkpoint: async () => {
    const head = await readHead(db);
    return head === undefined ? null : cosignedNote(head, await readAnchors(db, [head.size]));
  },
  keys: async () => {
    await keyRing.refreshSystemKeys();
    return { vkey: logVkey(keyRing, logOrigin), former: logKeys(keyRing, logOrigin).slice(0, -1) };
  },
  tile: async (path) => {
    const wanted = parseTilePath(path);
    if (wanted === null) return null;
    const [tile] = await readTiles(db, [wanted]);
    const bytes = wanted.width * HASH_BYTES;
    if (tile === undefined || tile.hashes.length < bytes) return null;
    const hashes = tile.hashes.subarray(0, bytes);
    return wanted.level === INPUT_LEVEL ? entriesOf(hashes) : hashes;
  },
});

function entriesOf(hashes: Buffer): Buffer {
  const entries: Buffer[] = [];
  for (let at = 0; at < hashes.length; at += HASH_BYTES) {
    entries.push(ENTRY_LENGTH, hashes.subarray(at, at + HASH_BYTES));
  }
  return Buffer.concat(entries);
}

interface TileWanted {
  readonly level: number;
  readonly n: number;
  readonly width: number;
}

/** Source: C2SP tlog-tiles, "Merkle Tree" and "Log entries", checked 2026-11-25. */
export function parseTilePath(path: string): TileWanted | null {
  const [, whole = path, partial] = WITH_WIDTH.exec(path) ?? [];
  const level = LEVEL.exec(whole)?.[1];
  if (level === undefined || Number(partial ?? 0) >= TILE_WIDTH) return null;
  const n = tileNumber(whole.slice(level.length + 1));
  if (n === null) return null;
  return { level: level === 'entries' ? INPUT_LEVEL : Number(level), n, width: Number(partial ?? TILE_WIDTH) };
}

/** `x001/x234/067` is 1234067. */
function tileNumber(place: string): number | null {
  const digits = place.replaceAll(/[x/]/g, '');
  const isPadded = digits.length > GROUP_DIGITS && digits.startsWith('000');
  return PLACE.test(place) && !isPadded && digits.length <= MOST_DIGITS ? Number(digits) : null;
}
