import type { Clock } from '../../kernel/clock';
import { sealField, type FieldPlace } from '../../kernel/crypto/field-cipher';
import { sha256 } from '../../kernel/crypto/merkle';
import type { Ids } from '../../kernel/ids';
import { lockAccount, openOwner, recordAudit } from '../accounts';
import { dayOf } from '../day-key';
import type { KeyRing, LetterKey } from '../keyring.types';
import type { Post } from '../mail';
import type { Database, RowId, Sql, Tx } from '../sql.types';
import {
  confirmErasure,
  countAccount,
  findAccountErasureByCode,
  findAnswered,
  findAsked,
  forgetUnanswered,
  insertAccountErasure,
  lastBackupDownload,
  lockAsked,
  type AccountCounts,
  type AccountErasureView,
  type AskedAccountErasure,
} from './account-erasure.store';
import { closePages } from './closed-page';
import { accountHash, certificateOpening, LINK_BYTES } from './certificate.rules';
import { nameDiffers } from './erasure.errors';

const DAY_MS = 86_400_000;
const CODE_BYTES = 16;
const TOKEN_BYTES = 32;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;
const CODE = /^[0-9a-f]{32}$/;

export const letterPlace = (code: string): FieldPlace => ({ table: 'account_erasure', column: 'letter_ct', row: code });

/** What is needed to mail the certificate when the account is gone. */
export interface Letter {
  readonly to: string;
  /** What ties the certificate to its account, base64url. */
  readonly link: string;
}

export interface AskAccountErasureDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logOrigin: string;
  readonly accountKey: (accountId: RowId) => Promise<Buffer>;
  readonly post: Post;
  /** Where people open links; no slash at the end. */
  readonly publicUrl: string;
}

export interface AskedErasure {
  readonly uuid: string;
  readonly confirmUntil: Date;
  readonly counts: AccountCounts;
  /** When an archive of the account was last downloaded; null when none was in 30 days. */
  readonly backupAt: Date | null;
}

/**
 * Asks for the deletion of an account. Nothing ends by it: the yes is the link in a mail to the owner, for a day.
 *
 * @param name the account's name, typed by whoever asks
 * @throws {UserError} `account_not_found`, `account_name_differs`
 */
export const makeAskAccountErasure =
  (deps: AskAccountErasureDeps) =>
  async ({ accountId, name }: { readonly accountId: RowId; readonly name: string }): Promise<AskedErasure> => {
    const key = await deps.accountKey(accountId);
    const owner = await openOwner(deps.db, accountId, key);
    if (name.trim() !== owner.name) throw nameDiffers();
    const counts = await countAccount(deps.db, accountId);
    const backupAt = await lastBackupDownload(deps.db, accountId);
    const { token, ...asked } = question(deps, accountId);
    const { confirmUntil } = asked;
    await deps.db.transaction(async (tx) => {
      await insertAccountErasure(tx, asked);
      const address = `${deps.publicUrl}/account-deletion/${token}`;
      await deps.post(tx, {
        accountId,
        kind: 'account_deletion_asked',
        key: { name: owner.uuid, key },
        to: owner.email,
        subject: `Delete the account ${owner.name}?`,
        text: askText(owner.name, address, { uuid: asked.uuid, confirmUntil, counts, backupAt }),
      });
      await recordAudit(tx, deps, { accountId, kind: 'account.deletion_asked' });
    });
    return { uuid: asked.uuid, confirmUntil, counts, backupAt };
  };

/** A question, and the secret that answers it, which is kept nowhere. */
function question(
  { ids, clock }: AskAccountErasureDeps,
  accountId: RowId,
): AskedAccountErasure & { readonly token: string } {
  const token = ids.bytes(TOKEN_BYTES).toString('base64url');
  const askedAt = clock.now();
  return {
    token,
    tokenSha256: tokenHash(token),
    uuid: ids.uuid(),
    code: ids.bytes(CODE_BYTES).toString('hex'),
    accountId,
    askedAt,
    confirmUntil: new Date(askedAt.getTime() + DAY_MS),
  };
}

/** Asks without a mail, for an end that was announced. @returns what answers it */
export async function newQuestion(tx: Tx, deps: AskAccountErasureDeps, accountId: RowId): Promise<string> {
  const { token, ...asked } = question(deps, accountId);
  await insertAccountErasure(tx, asked);
  return token;
}

/** With the inbox key of yesterday: whatever happens, the letter is noise in two days. */
export const newLetterKey = ({ keyRing }: { readonly keyRing: KeyRing }, now: Date): Promise<LetterKey> =>
  keyRing.createLetterKey(dayOf(now) - 1);

const tokenHash = (token: string): Buffer => sha256(Buffer.from(token));

const backupText = (at: Date | null): string =>
  at === null
    ? 'No archive of the account was downloaded in the last 30 days. To take everything along: POST /v1/account/backup.'
    : `An archive of the account was last downloaded at ${at.toISOString()}. What came later is not in it.`;

const counted = (count: number, one: string, several = `${one}s`): string =>
  `${String(count)} ${count === 1 ? one : several}`;

const askText = (name: string, address: string, { counts, confirmUntil: until, backupAt }: AskedErasure): string =>
  [
    `Somebody with an API key of the account "${name}" asked to delete it.`,
    '',
    `Deleting it ends ${counted(counts.pages, 'Page')} and ${counted(counts.apiKeys, 'API key')}, and destroys ${counted(counts.leads, 'person', 'people')} with their`,
    `proofs, ${counted(counts.broadcasts, 'broadcast')} and ${counted(counts.messages, 'message')}. It is final: only what you downloaded before can be brought back.`,
    backupText(backupAt),
    '',
    `To delete it, open this page and press the button before ${until.toISOString()}:`,
    address,
    '',
    'If you did not ask for this, do nothing, and replace your API keys.',
    '',
  ].join('\n');

export interface AskedView {
  readonly counts: AccountCounts;
  readonly confirmUntil: Date;
  readonly backupAt: Date | null;
}

/** What the page behind the mailed link shows. Looks, and changes nothing. Null for a link that does not count. */
export const makeShowAskedErasure =
  ({ db, clock }: { readonly db: Sql; readonly clock: Clock }) =>
  async (token: string): Promise<AskedView | null> => {
    const asked = TOKEN.test(token) ? await findAsked(db, tokenHash(token), clock.now()) : undefined;
    if (asked === undefined) return null;
    const counts = await countAccount(db, asked.accountId);
    const { confirmUntil } = asked;
    return { counts, confirmUntil, backupAt: await lastBackupDownload(db, asked.accountId) };
  };

/**
 * The code of the deletion that a link was the yes to; null for every other link. Whose connection broke in the moment of the yes learns
 * by it where the certificate will be, and not what ties it to the account: that was told once.
 */
export const makeFindAnsweredErasure =
  ({ db }: { readonly db: Sql }) =>
  async (token: string): Promise<string | null> =>
    TOKEN.test(token) ? ((await findAnswered(db, tokenHash(token))) ?? null) : null;

export interface ConfirmedErasure {
  readonly code: string;
  /** What ties the certificate to the account, base64url: shown once, and mailed with the certificate. */
  readonly link: string;
}

/**
 * The yes. From its commit on no key of the account opens anything, nothing is sent, and webhooks for its Pages find none; the rest
 * follows by `makeCarryOutAccountErasures`. A second yes finds no question any more.
 *
 * @returns null for a link that does not count
 */
export const makeConfirmAccountErasure =
  (deps: AskAccountErasureDeps) =>
  async (token: string): Promise<ConfirmedErasure | null> => {
    const now = deps.clock.now();
    const asked = TOKEN.test(token) ? await findAsked(deps.db, tokenHash(token), now) : undefined;
    if (asked === undefined) return null;
    const owner = await openOwner(deps.db, asked.accountId, await deps.accountKey(asked.accountId));
    const link = deps.ids.bytes(LINK_BYTES);
    const keyDay = dayOf(now);
    const letter: Letter = { to: owner.email, link: link.toString('base64url') };
    const certificateHead = certificateOpening({
      code: asked.code,
      log: deps.logOrigin,
      scope: 'account',
      subjectSha256: accountHash(owner.uuid, link),
      requestedAt: now,
    });
    const { name: letterKey, key } = await newLetterKey(deps, now);
    const letterCt = sealField(key, letterPlace(asked.code), JSON.stringify(letter));
    const confirmed = await deps.db.transaction(async (tx) => {
      // Whoever is connecting a Page has committed by now, and nobody does from here on.
      await lockAccount(tx, asked.accountId);
      const locked = await lockAsked(tx, tokenHash(token), now);
      if (locked === undefined) return null;
      await closePages(tx, deps, { id: locked.id, accountId: locked.accountId, at: now });
      await confirmErasure(tx, locked, { keyDay, letterKey, letterCt, certificateHead, at: now });
      return { code: locked.code, link: letter.link };
    });
    if (confirmed === null) await deps.keyRing.destroyAccountKey(letterKey);
    return confirmed;
  };

/** For the public page. Null for an unknown code, and for a question that was not answered. */
export const makeShowAccountErasure =
  ({ db }: { readonly db: Sql }) =>
  async (code: string): Promise<AccountErasureView | null> =>
    CODE.test(code) ? ((await findAccountErasureByCode(db, code)) ?? null) : null;

export const makeForgetUnanswered =
  ({ db, clock }: { readonly db: Sql; readonly clock: Clock }) =>
  (): Promise<number> =>
    forgetUnanswered(db, clock.now());
