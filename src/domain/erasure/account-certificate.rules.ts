import { sha256 } from '../../kernel/crypto/merkle';

/** SHA-256( SHA-256("account:<its public id>") ‖ r ). */
export const accountHash = (accountUuid: string, link: Buffer): Buffer =>
  sha256(Buffer.concat([sha256(Buffer.from(`account:${accountUuid}`)), link]));

export interface AccountHead {
  /** 128 random bits in hex; names the public page. */
  readonly code: string;
  readonly log: string;
  readonly subjectSha256: Buffer;
  readonly requestedAt: Date;
}

/** What is known with the yes. Each `erasure` entry of the account holds the SHA-256 of these bytes. */
export const accountHead = ({ code, log, subjectSha256, requestedAt }: AccountHead): string =>
  [
    'assent-erasure-certificate/v1',
    `id ${code}`,
    `log ${log}`,
    'scope account',
    `subject ${subjectSha256.toString('hex')}`,
    `requested ${requestedAt.toISOString()}`,
    '',
  ].join('\n');

export interface AccountEnd {
  readonly rowsDeletedAt: Date;
  readonly keysDestroyedAt: Date;
  /** Pages that Meta was told of, of all that were connected. */
  readonly pagesReleased: number;
  readonly leaves: number;
  /** Commitment of the last `erasure` entry. */
  readonly commitment: Buffer;
}

/** The text that is signed: the head, and what followed. */
export const accountCertificate = (head: string, end: AccountEnd): string =>
  [
    `${head}live-copies-deleted ${end.rowsDeletedAt.toISOString()} postgres`,
    `keys-destroyed ${end.keysDestroyedAt.toISOString()} key-ring of every Page`,
    `pages-released ${String(end.pagesReleased)}`,
    `leaves-closed ${String(end.leaves)}`,
    'old-backups people unreadable since keys-destroyed, where no copy of the key ring was kept with them; name, address and drafts of the account readable to whoever also holds the key ring of the installation',
    "outside-our-reach Meta's copies of conversations; bundles and exports handed out before; mails in the owner's mailbox",
    `ledger-entry ${end.commitment.toString('hex')}`,
    '',
  ].join('\n');
