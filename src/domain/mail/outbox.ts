import { RETENTION } from '../../../config/retention';
import type { Clock } from '../../kernel/clock';
import { openField, sealField, unlessUnreadable, type FieldPlace } from '../../kernel/crypto/field-cipher';
import type { Ids } from '../../kernel/ids';
import type { Log } from '../../kernel/log';
import { dayOf, keyOrNull } from '../day-key';
import type { KeyRing } from '../keyring.types';
import type { Database, RowId, Sql, Tx } from '../sql.types';
import { claimMails, insertMail, putOffMail, readMails, settleMail, wipeMails, type ClaimedMail } from './mail.store';
import type { MailContent, MailKey, MailKind, MailSender, MailState } from './mail.types';

const DAY_MS = 86_400_000;
const LEASE_MS = 120_000;
const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 3_600_000;
/** The key of a mail lives for at least a day after its own: what has not gone by then never will. */
const GIVE_UP_MS = 30 * 3_600_000;
const MOST_AT_ONCE = 20;
const MOST_SHOWN = 200;
const ROW_KEPT_MS = RETENTION.mailDays * DAY_MS;

export interface OutboxDeps {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** Null without a mail server: mails are kept to be read here. */
  readonly sender: MailSender | null;
}

const placeOf = (uuid: string): FieldPlace => ({ table: 'mail', column: 'content_ct', row: uuid });

export interface Letter extends MailContent {
  readonly accountId: RowId;
  readonly kind: MailKind;
  /** Of the account, so that nothing opens its mails once it is deleted; of its last mail one that goes with that mail. */
  readonly key: MailKey;
}

/** Nobody reads it here: when it is written no key of the account opens anything any more. */
const LAST: MailKind = 'account_deleted';

/** Puts a mail into the outbox, in the transaction of what it tells of. @returns whether its key is still needed */
export type Post = (tx: Tx, letter: Letter) => Promise<boolean>;

export const makePost =
  (deps: Pick<OutboxDeps, 'clock' | 'ids' | 'sender'>): Post =>
  async (tx, { accountId, kind, key: { name, key }, to, subject, text }) => {
    const uuid = deps.ids.uuid();
    const at = deps.clock.now();
    const state = deps.sender === null ? 'kept' : 'queued';
    const isRead = state === 'queued' || kind !== LAST;
    const contentCt = isRead ? sealField(key, placeOf(uuid), JSON.stringify({ to, subject, text })) : null;
    const keyName = isRead ? name : null;
    await insertMail(tx, { uuid, accountId, kind, state, keyDay: dayOf(at), keyName, contentCt, at });
    return isRead;
  };

/**
 * Sends what is due. A process that dies after the server took a mail sends it again, with the same id.
 *
 * @returns how many were sent
 */
export const makeSendMail = (deps: OutboxDeps) => async (): Promise<number> => {
  const { sender, clock } = deps;
  if (sender === null) return 0;
  const now = clock.now();
  let sent = 0;
  for (const mail of await claimMails(deps.db, now, new Date(now.getTime() + LEASE_MS), MOST_AT_ONCE))
    if (await sendOne(deps, sender, mail)) sent += 1;
  if (sent > 0) deps.log.event('mail.sent', { count: sent });
  return sent;
};

async function sendOne(deps: OutboxDeps, sender: MailSender, mail: ClaimedMail): Promise<boolean> {
  const content = await openMail(deps.keyRing, mail, mail.contentCt);
  const outcome =
    typeof content === 'string' ? ({ kind: 'refused', code: content } as const) : await sender.send(mail.uuid, content);
  const now = deps.clock.now();
  const isOver = now.getTime() - mail.createdAt.getTime() > GIVE_UP_MS;
  if (outcome.kind === 'unclear' && !isOver) {
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(mail.attempts - 1, 10));
    await putOffMail(deps.db, mail.id, new Date(now.getTime() + waitMs));
    return false;
  }
  const isSent = outcome.kind === 'sent';
  await settleMail(deps.db, mail.id, isSent ? 'sent' : 'failed', now);
  if (mail.kind === LAST && mail.keyName !== null) await deps.keyRing.destroyAccountKey(mail.keyName);
  if (!isSent) deps.log.warn('mail.failed', { code: outcome.code, count: mail.attempts });
  return isSent;
}

type Sealed = Pick<ClaimedMail, 'uuid' | 'keyDay' | 'keyName'>;

/** @returns why there is none: its key was destroyed, or it is damaged, which must not hold up others */
async function openMail(
  keyRing: KeyRing,
  mail: Sealed,
  contentCt: Buffer,
): Promise<MailContent | 'key_destroyed' | 'field_unreadable'> {
  const key = await keyOrNull(keyRing, mail.keyName, mail.keyDay);
  if (key === null) return 'key_destroyed';
  const opened = unlessUnreadable(() => openField(key, placeOf(mail.uuid), contentCt));
  return opened === null ? 'field_unreadable' : (JSON.parse(opened.toString('utf8')) as MailContent);
}

export interface MailView {
  readonly uuid: string;
  readonly kind: MailKind;
  readonly state: MailState;
  readonly attempts: number;
  readonly createdAt: Date;
  readonly settledAt: Date | null;
  /** Only of a mail that was kept here, for two days. */
  readonly content: MailContent | null;
}

/** Mails to the owner of an account, newest first. What went to a mail server is read there. */
export const makeListMails =
  ({ db, keyRing }: Pick<OutboxDeps, 'keyRing'> & { readonly db: Sql }) =>
  async (accountId: RowId): Promise<MailView[]> => {
    const views: MailView[] = [];
    for (const { keyDay, keyName, contentCt, ...row } of await readMails(db, accountId, MOST_SHOWN)) {
      const isKept = contentCt !== null && row.state === 'kept';
      const content = isKept ? await openMail(keyRing, { uuid: row.uuid, keyDay, keyName }, contentCt) : null;
      views.push({ ...row, content: typeof content === 'string' ? null : content });
    }
    return views;
  };

/** @returns rows that were deleted */
export const makeWipeMails =
  ({ db, clock }: Pick<OutboxDeps, 'db' | 'clock'>) =>
  (): Promise<number> => {
    const now = clock.now();
    return wipeMails(db, dayOf(now) - 1, now, new Date(now.getTime() - ROW_KEPT_MS));
  };
