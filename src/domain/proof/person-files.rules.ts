import { canonicalJson } from '../../kernel/crypto/jcs';
import { inclusionPath } from '../../kernel/crypto/merkle';
import type { BundleFile, BundleHead, ChainEntry, EntryFacts, ProvedMessage, ProvedPerson } from './proof.types';

const numbered = (n: number, digits: number): string => String(n).padStart(digits, '0');
const base64Lines = (hashes: readonly Buffer[]): string =>
  hashes.map((hash) => `${hash.toString('base64')}\n`).join('');

/** The log's inclusion proof of a leaf, at hand. */
export type ProofOf = (index: number) => readonly Buffer[];

/** The leaves that the files of a person prove. */
export const leavesOf = ({ entries, messages }: ProvedPerson): number[] => [
  ...entries.map(({ index }) => index),
  ...messages.map(({ sends }) => sends.index),
];

/** The files about one person: docs/proof-bundle.md, section 3. */
export function personFiles(person: ProvedPerson, head: BundleHead, proofOf: ProofOf): BundleFile[] {
  return [
    chainFile(person, head),
    ...person.entries.flatMap((entry) => [...entryFiles(entry, head, proofOf), ...evidenceFiles(entry)]),
    ...person.messages.flatMap((message, at) => messageFiles(message, at + 1, head, proofOf)),
  ];
}

function chainFile({ subjectRef, entries }: ProvedPerson, { size }: BundleHead): BundleFile {
  const last = entries.at(-1)?.commitment.toString('hex') ?? null;
  const bytes = canonicalJson({ v: 1, ref: subjectRef, n: entries.length, head: last, size });
  return { path: 'entries/chain.json', bytes };
}

/** C2SP tlog-proof@v1, checked 2026-11-25. */
const proofFile = (index: number, hashes: readonly Buffer[], { note }: BundleHead): Buffer =>
  Buffer.from(`c2sp.org/tlog-proof@v1\nindex ${index}\n${base64Lines(hashes)}\n${note}`);

/** An entry, and its place in the log. */
export const openingFiles = (
  name: string,
  { body, nonce, index }: Pick<ChainEntry, 'body' | 'nonce' | 'index'>,
  head: BundleHead,
  hashes: readonly Buffer[],
): BundleFile[] => [
  { path: `${name}.json`, bytes: body },
  { path: `${name}.nonce`, bytes: nonce },
  { path: `${name}.tlog-proof`, bytes: proofFile(index, hashes, head) },
];

const entryFiles = (entry: ChainEntry, head: BundleHead, proofOf: ProofOf): BundleFile[] =>
  openingFiles(`entries/${numbered(entry.facts.subject.n, 4)}`, entry, head, proofOf(entry.index));

function evidenceFiles({ facts, segments }: ChainEntry): BundleFile[] {
  const { evidence } = facts;
  if (evidence === undefined || segments.size === 0) return [];
  const folder = `evidence/${numbered(facts.subject.n, 4)}`;
  return [
    {
      path: `${folder}/headers.json`,
      bytes: canonicalJson({ x_hub_signature_256: evidence.hdr, received_at: evidence.at }),
    },
    {
      path: `${folder}/delivery.json`,
      bytes: canonicalJson({
        length: evidence.len,
        segments: evidence.segs.map(([kind, length, hash], at) => ({ kind, length, hash, present: segments.has(at) })),
      }),
    },
    ...[...segments].flatMap(([at, { bytes, nonce }]) => {
      const name = `${folder}/seg.${numbered(at, 3)}`;
      const segment = { path: `${name}.bin`, bytes };
      return nonce === null ? [segment] : [segment, { path: `${name}.nonce`, bytes: nonce }];
    }),
  ];
}

function messageFiles(message: ProvedMessage, n: number, head: BundleHead, proofOf: ProofOf): BundleFile[] {
  const name = `sends/${numbered(n, 4)}`;
  const { sends, position, commitments } = message;
  const inner = [
    'assent-inner-proof/v1\n',
    `position ${position}\nof ${commitments.length}\n`,
    base64Lines(inclusionPath(commitments, position)),
  ];
  return [
    ...openingFiles(name, sends, head, proofOf(sends.index)),
    { path: `${name}.message.json`, bytes: message.body },
    { path: `${name}.message.nonce`, bytes: message.nonce },
    { path: `${name}.inner`, bytes: Buffer.from(inner.join('')) },
  ];
}

/** `checkpoints/….consistency`, docs/proof-bundle.md, section 3. */
export const consistencyFile = (from: number, to: number, hashes: readonly Buffer[]): Buffer =>
  Buffer.from(`assent-consistency/v1\nfrom ${from}\nto ${to}\n${base64Lines(hashes)}`);

/** Hashes of the wordings that the entries name. */
export const wordingsNamed = (people: readonly ProvedPerson[]): ReadonlySet<string> =>
  new Set(
    people.flatMap(({ entries }) =>
      entries
        .map(({ facts }: { readonly facts: EntryFacts }) => facts.notice?.sha256)
        .filter((hash) => hash !== undefined),
    ),
  );
