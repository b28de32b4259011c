import { sha256 } from '../../kernel/crypto/merkle';

/** Random bytes that tie a certificate to its person; only the person's link holds them. */
export const LINK_BYTES = 64;

/** The public page of an erasure, which tells how far it is and shows its certificate. Names nobody. */
export const certificateAddress = (publicUrl: string, code: string): string => `${publicUrl}/erasure/${code}`;

/** The address with what ties the certificate to its person: a browser sends nothing behind the `#`. */
export const certificateLink = (publicUrl: string, code: string, link: Buffer): string =>
  `${certificateAddress(publicUrl, code)}#${link.toString('base64url')}`;

/** Without the link, `r`, nobody can tell whom a certificate is about. */
const tied = (subject: string, link: Buffer): Buffer => sha256(Buffer.concat([sha256(Buffer.from(subject)), link]));

/** SHA-256( SHA-256("<Meta's Page id>:<page-scoped id>") ‖ r ). */
export const subjectHash = (metaPageId: string, psid: string, link: Buffer): Buffer =>
  tied(`${metaPageId}:${psid}`, link);

/** SHA-256( SHA-256("account:<its public id>") ‖ r ). */
export const accountHash = (accountUuid: string, link: Buffer): Buffer => tied(`account:${accountUuid}`, link);

export interface CertificateOpening {
  /** 128 random bits in hex; names the public page. */
  readonly code: string;
  readonly log: string;
  readonly scope: 'lead' | 'account';
  readonly subjectSha256: Buffer;
  readonly requestedAt: Date;
}

/** What is known when it is asked for. Of an account it is the head: each of its `erasure` entries holds the SHA-256 of these bytes. */
export const certificateOpening = (opening: CertificateOpening): string =>
  [
    'assent-erasure-certificate/v1',
    `id ${opening.code}`,
    `log ${opening.log}`,
    `scope ${opening.scope}`,
    `subject ${opening.subjectSha256.toString('hex')}`,
    `requested ${opening.requestedAt.toISOString()}`,
    '',
  ].join('\n');

/** The head of a lead's: what is known when its rows are deleted. Its `erasure` entry holds the SHA-256 of these bytes. */
export const certificateHead = (opening: CertificateOpening, rowsDeletedAt: Date): string =>
  `${certificateOpening(opening)}live-copies-deleted ${rowsDeletedAt.toISOString()} postgres\n`;

export interface CertificateEnd {
  readonly keysDestroyedAt: Date;
  /** Commitment of the `erasure` entry. */
  readonly commitment: Buffer;
  /** A sealed mark stays, by the wish of the person. */
  readonly keepsMark: boolean;
  readonly recipients: RecipientCounts;
  /** What the look for what is left found; null when what to look for was lost with the process that knew it. */
  readonly footprint: string | null;
}

/** Of those who had the data: told, still to be told, not reached. */
interface RecipientCounts {
  readonly notified: number;
  readonly pending: number;
  readonly failed: number;
}

/** So long a certificate waits for recipients that do not answer; whoever is still to be told then is named as pending. */
export const RECIPIENTS_PATIENCE_MS = 10_000;

export const mayCertify = ({ pending }: RecipientCounts, rowsDeletedAt: Date | null, now: Date): boolean =>
  pending === 0 || rowsDeletedAt === null || now.getTime() - rowsDeletedAt.getTime() >= RECIPIENTS_PATIENCE_MS;

export const recipientsLine = ({ notified, pending, failed }: RecipientCounts): string =>
  notified + pending + failed === 0
    ? 'recipients none'
    : `recipients ${String(notified)} notified, ${String(pending)} pending for up to 72 hours, ${String(failed)} failed`;

/** Of one person, and of the look that they shared with others of the round. */
export interface PersonFootprint {
  readonly hits: number;
  readonly patterns: number;
  readonly stores: number;
  readonly looked: number;
  readonly isControlFound: boolean;
}

export const FOOTPRINT_OF_RESTORED = 'not run: the keys were gone before, and what to look for with them';
const INTERRUPTED = 'not run: the process was interrupted';
const TOO_MANY = 'not run: too many people were erased at once';

export function footprintText({ hits, patterns, stores, looked, isControlFound }: PersonFootprint): string {
  if (patterns === 0) return TOO_MANY;
  const of = looked === stores ? `${String(stores)} stores` : `${String(looked)} of ${String(stores)} stores`;
  const control = isControlFound ? 'positive control found' : 'positive control not found';
  return `${String(hits)} hits, ${of}, ${String(patterns)} patterns in all encodings, ${control}`;
}

/** The text that is signed: the head, and what followed. */
export const certificateText = (
  head: string,
  { keysDestroyedAt, commitment, keepsMark, recipients, footprint }: CertificateEnd,
): string =>
  [
    `${head}keys-destroyed ${keysDestroyedAt.toISOString()} key-ring`,
    `kept ${keepsMark ? "a sealed mark against being written to again, by the person's wish" : 'nothing'}`,
    recipientsLine(recipients),
    `footprint ${footprint ?? INTERRUPTED}`,
    'old-backups unreadable since keys-destroyed, where no copy of the key ring was kept with them',
    "outside-our-reach Meta's copy of the conversation; bundles and exports handed out before",
    `ledger-entry ${commitment.toString('hex')}`,
    '',
  ].join('\n');
