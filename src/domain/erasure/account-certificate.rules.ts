import { recipientsLine } from './certificate.rules';

export interface AccountEnd {
  readonly rowsDeletedAt: Date;
  readonly keysDestroyedAt: Date;
  /** Pages that Meta was told of, of all that were connected. */
  readonly pagesReleased: number;
  readonly leaves: number;
  readonly recipients: Parameters<typeof recipientsLine>[0];
  /** Commitment of the last `erasure` entry. */
  readonly commitment: Buffer;
}

/** The text that is signed: the head, and what followed. */
export const accountCertificate = (head: string, end: AccountEnd): string =>
  [
    `${head}live-copies-deleted ${end.rowsDeletedAt.toISOString()} postgres`,
    `keys-destroyed ${end.keysDestroyedAt.toISOString()} key-ring of every Page, key of the account`,
    `pages-released ${String(end.pagesReleased)}`,
    `leaves-closed ${String(end.leaves)}`,
    recipientsLine(end.recipients),
    'old-backups unreadable since keys-destroyed, where no copy of the key ring was kept with them',
    'address-for-this-mail sealed under a key of its own, destroyed when the mail has left, within two days of the request at the latest',
    "outside-our-reach Meta's copies of conversations; bundles and exports handed out before; mails in the owner's mailbox",
    `ledger-entry ${end.commitment.toString('hex')}`,
    '',
  ].join('\n');
