import { sha256 } from '../../kernel/crypto/merkle';

/** Random bytes that tie a certificate to its person; only the person's link holds them. */
export const LINK_BYTES = 64;

/** SHA-256( SHA-256("<Meta's Page id>:<page-scoped id>") ‖ r ). Without `r` nobody can tell whom a certificate is about. */
export const subjectHash = (metaPageId: string, psid: string, link: Buffer): Buffer =>
  sha256(Buffer.concat([sha256(Buffer.from(`${metaPageId}:${psid}`)), link]));

export interface CertificateHead {
  /** 128 random bits in hex; names the public page. */
  readonly code: string;
  readonly log: string;
  readonly scope: 'lead';
  readonly subjectSha256: Buffer;
  readonly requestedAt: Date;
  readonly rowsDeletedAt: Date;
}

/** What is known when the rows are deleted. The `erasure` entry of the log holds the SHA-256 of these bytes. */
export const certificateHead = (head: CertificateHead): string =>
  [
    'assent-erasure-certificate/v1',
    `id ${head.code}`,
    `log ${head.log}`,
    `scope ${head.scope}`,
    `subject ${head.subjectSha256.toString('hex')}`,
    `requested ${head.requestedAt.toISOString()}`,
    `live-copies-deleted ${head.rowsDeletedAt.toISOString()} postgres`,
    '',
  ].join('\n');

export interface CertificateEnd {
  readonly keysDestroyedAt: Date;
  /** Commitment of the `erasure` entry. */
  readonly commitment: Buffer;
  /** A sealed mark stays, by the wish of the person. */
  readonly keepsMark: boolean;
}

/** The text that is signed: the head, and what followed. */
export const certificateText = (head: string, { keysDestroyedAt, commitment, keepsMark }: CertificateEnd): string =>
  [
    `${head}keys-destroyed ${keysDestroyedAt.toISOString()} key-ring`,
    `kept ${keepsMark ? "a sealed mark against being written to again, by the person's wish" : 'nothing'}`,
    'old-backups unreadable since keys-destroyed, where no copy of the key ring was kept with them',
    "outside-our-reach Meta's copy of the conversation; bundles and exports handed out before",
    `ledger-entry ${commitment.toString('hex')}`,
    '',
  ].join('\n');
