import { sha256 } from '../../kernel/crypto/merkle';
import type { BundleFile, BundleHead } from './proof.types';

export type BundleKind = 'lead' | 'message' | 'broadcast' | 'audit';

export const byPath = <T extends { readonly path: string }>(left: T, right: T): number =>
  left.path < right.path ? -1 : left.path > right.path ? 1 : 0;

/** Whom a bundle about many is about, as whoever asked for it said. */
export type BundleAbout =
  { readonly broadcast: string } | { readonly from: Date; readonly to: Date; readonly metaPageId: string | null };

/** Keys in the order of canonical JSON. */
const aboutOf = (about: BundleAbout) =>
  'broadcast' in about
    ? { broadcast: about.broadcast }
    : { from: about.from.toISOString(), page: about.metaPageId, to: about.to.toISOString() };

/** What a bundle about many says of itself beside its files. */
export interface BundleClaim {
  readonly about: BundleAbout;
  /** People whose record is larger than a verifier reads. */
  readonly tooLarge: number;
}

/**
 * What the bundle holds: JCS (RFC 8785) of `{about, files, kind, log, made_at, too_large, v}`, in a bundle about one person without
 * `about`, and without `too_large` where nobody is left out for that. Its keys are paths, which canonical JSON of
 * entries does not allow; they hold nothing that `JSON.stringify` and a sort by code unit would not write the one way there is.
 *
 * @param hashes SHA-256 in hex by path
 */
export function manifestOf(
  kind: BundleKind,
  log: string,
  { signedAt }: Pick<BundleHead, 'signedAt'>,
  hashes: readonly { readonly path: string; readonly sha256: string }[],
  claim: BundleClaim | null = null,
): Buffer {
  const files = Object.fromEntries([...hashes].sort(byPath).map((file) => [file.path, file.sha256]));
  const about = claim === null ? {} : { about: aboutOf(claim.about) };
  const leftOut = claim === null || claim.tooLarge === 0 ? {} : { too_large: claim.tooLarge };
  return Buffer.from(JSON.stringify({ ...about, files, kind, log, made_at: signedAt.toISOString(), ...leftOut, v: 1 }));
}

/** The text that is signed over a manifest. */
export const manifestText = (log: string, manifest: Buffer): string =>
  `assent-bundle/v1\n${log}\n${sha256(manifest).toString('hex')}\n`;

export const hashed = ({ path, bytes }: BundleFile) => ({ path, sha256: sha256(bytes).toString('hex') });

/** The JSON form of files: `{path: base64}`, keys in order. */
export const base64Of = (files: readonly BundleFile[]): Record<string, string> =>
  Object.fromEntries([...files].sort(byPath).map(({ path, bytes }) => [path, bytes.toString('base64')]));
