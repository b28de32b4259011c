import { groupBy } from '../../kernel/group-by';
import type { KeyRing } from '../keyring.types';
import {
  cosignedNote,
  dailySizes,
  makeLogProofs,
  readAnchors,
  readCheckpoints,
  sizesAround,
  type StoredAnchor,
  type StoredCheckpoint,
} from '../ledger';
import type { Sql } from '../sql.types';
import { policyText, readmeText } from './bundle-texts.rules';
import { consistencyFile, leavesOf } from './person-files.rules';
import type { BundleFile, BundleHead, ProvedPerson } from './proof.types';

/** Checkpoints that give time to a bundle about many people: four years of days. A verifier takes 2,000. */
const MOST_CHECKPOINTS = 1_500;

export interface CommonDeps {
  readonly keyRing: KeyRing;
  readonly logOrigin: string;
  /** Verifier keys of the witnesses this installation is configured with. */
  readonly witnessVkeys: readonly string[];
  /** Files that lie beside the program. */
  readonly byHandScript: Buffer;
  /** SHA-256 of the published verifier, in the form of `sha256sum`. */
  readonly verifierSha256: Buffer;
}

/**
 * The files that do not depend on the log.
 *
 * @param vkey of the log
 * @param leftOut which messages the bundle does not hold, for its readers
 */
export const fixedFiles = (
  deps: CommonDeps,
  vkey: string,
  leftOut: string | null,
  { isAboutOne }: { readonly isAboutOne: boolean },
): BundleFile[] => [
  { path: 'README.txt', bytes: Buffer.from(readmeText(leftOut, isAboutOne)) },
  { path: 'VERIFIER-SHA256', bytes: deps.verifierSha256 },
  ...(isAboutOne ? [{ path: 'verify-by-hand.sh', bytes: deps.byHandScript }] : []),
  { path: 'keys/log.vkey', bytes: Buffer.from(`${vkey}\n`) },
  { path: 'keys/policy.txt', bytes: Buffer.from(policyText(vkey, deps.witnessVkeys)) },
];

export async function headOf(sql: Sql, head: StoredCheckpoint): Promise<BundleHead> {
  const anchors = await readAnchors(sql, [head.size]);
  return { size: head.size, signedAt: head.signedAt, note: cosignedNote(head, anchors) };
}

/** The inclusion proofs of all leaves of these people, by leaf. */
export async function proofsOf(
  sql: Sql,
  people: readonly ProvedPerson[],
  { size }: Pick<BundleHead, 'size'>,
): Promise<(index: number) => readonly Buffer[]> {
  const indexes = [...new Set(people.flatMap(leavesOf))];
  const proofs = await makeLogProofs(sql).inclusion(indexes, size);
  const byIndex = new Map(indexes.map((index, at) => [index, proofs[at] ?? []]));
  return (index) => byIndex.get(index) ?? [];
}

/** Sizes of the checkpoints that say when some leaves came to be. */
export interface TimedSizes {
  readonly before: number | null;
  readonly at: readonly number[];
}

/** As near to each of a few leaves as there are. */
export async function sizesNear(sql: Sql, indexes: readonly number[], headSize: number): Promise<TimedSizes> {
  const around = [];
  for (const index of indexes.toSorted((a, b) => a - b)) around.push(await sizesAround(sql, index, headSize));
  const near = new Set(around.flatMap(({ before, after }) => [...before, ...after]));
  return timed(near, around[0]?.before.at(-1) ?? null, headSize);
}

function timed(near: ReadonlySet<number>, before: number | null, headSize: number): TimedSizes {
  const at = [...near].filter((size) => size !== headSize && size !== before).sort((a, b) => a - b);
  return { before, at };
}

/** With the checkpoints of these sizes too. */
export const withSizes = ({ before, at }: TimedSizes, more: readonly number[], headSize: number): TimedSizes =>
  timed(new Set([...at, ...more]), before, headSize);

/** Which of the gaps between leaves (0 before the first of them, 1 before the second …) hold a leaf of the bundle. */
export type OccupiedGaps = (leaves: readonly number[]) => Promise<readonly number[]>;

/**
 * One checkpoint a day of each service, on both sides of each leaf, so that somebody outside has vouched for each within two days of when it was
 * written: a verifier asks for no more (docs/adr/0012).
 */
export async function sizesOver(sql: Sql, from: number, headSize: number, occupied: OccupiedGaps): Promise<TimedSizes> {
  const last = (await sizesAround(sql, from, headSize)).before.at(-1) ?? null;
  const services = await dailySizes(sql, headSize);
  const bounds = [...new Set(services.flat())].sort((a, b) => a - b);
  const gaps = bounds.length === 0 ? [] : await occupied(bounds);
  const near = new Set(
    gaps.flatMap((gap) => {
      const [low, high] = [bounds[gap - 1] ?? -1, bounds[gap] ?? Infinity];
      return services.flatMap((days) => [
        ...days.filter((size) => size <= low).slice(-1),
        ...days.filter((size) => size >= high).slice(0, 1),
      ]);
    }),
  );
  const { before, at } = timed(near, last, headSize);
  const step = Math.ceil(at.length / MOST_CHECKPOINTS);
  return { before, at: at.filter((_, nth) => (at.length - 1 - nth) % step === 0) };
}

/** Checkpoints with their anchors and consistency proofs. */
export async function checkpointFiles(sql: Sql, head: BundleHead, { before, at }: TimedSizes): Promise<BundleFile[]> {
  const named = [
    ...(before === null ? [] : [{ which: 'before', size: before }]),
    ...at.map((size) => ({ which: `at-${size}`, size })),
  ];
  const sizes = named.map(({ size }) => size);
  const anchors = groupBy(await readAnchors(sql, [head.size, ...sizes]), ({ size }) => size);
  const checkpoints = new Map((await readCheckpoints(sql, sizes)).map((checkpoint) => [checkpoint.size, checkpoint]));
  const files: BundleFile[] = [
    { path: 'checkpoints/after.note', bytes: Buffer.from(head.note) },
    ...anchorFiles('after', anchors.get(head.size)),
  ];
  const proofs = makeLogProofs(sql);
  for (const { which, size } of named) {
    const checkpoint = checkpoints.get(size);
    if (checkpoint === undefined) continue;
    files.push(
      { path: `checkpoints/${which}.note`, bytes: Buffer.from(cosignedNote(checkpoint, anchors.get(size) ?? [])) },
      {
        path: `checkpoints/${which}.consistency`,
        bytes: consistencyFile(size, head.size, await proofs.consistency(size, head.size)),
      },
      ...anchorFiles(which, anchors.get(size)),
    );
  }
  return files;
}

function anchorFiles(which: string, own: readonly StoredAnchor[] = []): BundleFile[] {
  const outside = own.find((anchor) => anchor.class === 'tsa');
  const self = own.find((anchor) => anchor.class === 'self');
  return [
    ...(outside === undefined ? [] : tokenFiles(`${which}.tsr`, `${which}.tsa.pem`, outside)),
    ...(self === undefined ? [] : tokenFiles(`${which}.self.tsr`, `${which}.self.pem`, self)),
  ];
}

const tokenFiles = (token: string, certificates: string, anchor: StoredAnchor): BundleFile[] => [
  { path: `anchors/${token}`, bytes: anchor.token },
  { path: `anchors/${certificates}`, bytes: Buffer.from(anchor.certificates ?? '') },
];
