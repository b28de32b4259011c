import { openField, unlessUnreadable } from '../../kernel/crypto/field-cipher';
import { sha256 } from '../../kernel/crypto/merkle';
import { InvariantError } from '../../kernel/errors';
import { oneByOne } from '../../kernel/one-by-one';
import { inRounds } from '../../kernel/rounds';
import type { Log } from '../../kernel/log';
import { findAccountUuid } from '../accounts';
import { appendSystemEntry, type AppendDeps } from '../consent';
import { keyOrNull } from '../day-key';
import { openUnread, type ForgetUnread } from '../inbox';
import { signCertificate } from '../ledger';
import type { ErasedAccounts, KeyRingCopy } from '../keyring.types';
import type { MailKey, Post } from '../mail';
import type { ReleasedPages } from '../pages';
import type { Database, RowId, Tx } from '../sql.types';
import { countCallsOfErasure, tellOfAccount, type SealedCalls } from '../recipients';
import { accountCertificate } from './account-certificate.rules';
import {
  deleteAccount,
  findOpenAccountErasure,
  isErasing,
  isUnderWay,
  lockPages,
  lockSomeLeads,
  listOpenAccountErasures,
  readPageIds,
  recordAccountComplete,
  recordAccountGone,
  recordBatch,
  recordEnding,
  recordKeysDestroyed,
  recordReleased,
  type OpenAccountErasure,
} from './account-erasure.store';
import { letterPlace, newLetterKey, type Letter } from './ask-account-erasure';
import { closeChains, closeLeavesOfAccount, readGoneKeys, type GoneKeys } from './close-leaves';
import { certificateLink, mayCertify } from './certificate.rules';
import { erasedAccountMac, goneAccountMac } from './erased-account';
import { dropOpenErasures } from './erasure.store';
import { deleteLeads, dropEnvelopes } from './discard-lead.store';

const MOST_ACCOUNTS = 20;
const BATCH_LEADS = 1_000;
/** Of one account in one round; the next round goes on. */
const MOST_BATCHES = 50;
/** So long Meta is asked again to end its webhooks, before the tokens go without that. */
const RELEASE_MS = 600_000;
/** So long erasures of single people, who get a certificate of their own, are waited for. */
const SINGLE_ERASURES_MS = 60_000;

export interface CarryOutAccountErasuresDeps extends AppendDeps {
  readonly db: Database;
  readonly log: Log;
  /** Null without a second copy of the key ring. */
  readonly keyRingCopy: KeyRingCopy | null;
  /** Deleted accounts, beside the key ring. */
  readonly erasedAccounts: ErasedAccounts;
  readonly releasePages: (accountId: RowId, mayLeave: boolean) => Promise<ReleasedPages>;
  readonly post: Post;
  readonly publicUrl: string;
  /** Deletes the files of archives whose rows are gone. */
  readonly dropBackupFiles: () => Promise<unknown>;
  /** What recipients of the data are to be told. */
  readonly sealedCalls: SealedCalls;
}

/**
 * Brings every confirmed deletion of an account forward: Meta is told of its Pages, what is being sent ends, then the keys go, and with
 * them everybody who can be read; then people go in batches, and everything else. At last the certificate is signed and mailed, and the address goes.
 * Whatever step a process died in, the next round goes on from what the rows and the rings say.
 *
 * @returns how many were completed
 */
export function makeCarryOutAccountErasures(deps: CarryOutAccountErasuresDeps): () => Promise<number> {
  const next = inRounds<Pick<OpenAccountErasure, 'id'>>(MOST_ACCOUNTS, ({ id }) => id);
  return async () => {
    let completed = 0;
    const turns = oneByOne();
    const open = await next((part) => listOpenAccountErasures(deps.db, part));
    for (const { id } of open) completed += (await turns.run(() => carryOn(deps, id))) ?? 0;
    if (completed > 0) deps.log.event('erasures.completed', { count: completed });
    turns.finish();
    return completed;
  };
}

async function carryOn(deps: CarryOutAccountErasuresDeps, id: RowId): Promise<number> {
  const confirmed = await findOpenAccountErasure(deps.db, id);
  if (confirmed?.state === 'confirmed' && !(await release(deps, confirmed))) return 0;
  const ending = await findOpenAccountErasure(deps.db, id);
  // A copy of the key ring that cannot be reached holds up the certificate alone.
  const copying = oneByOne();
  if (ending?.keysDestroyedAt === null) {
    await dropKeys(deps, ending);
    await copying.try(() => dropKeysInCopy(deps, ending));
  }
  const isGone = ending?.rowsDeletedAt !== null || (await deleteRows(deps, ending));
  copying.finish();
  return isGone ? complete(deps, id) : 0;
}

/** @returns whether nothing of the account goes on any more, so that its keys may go */
async function release(deps: CarryOutAccountErasuresDeps, erasure: OpenAccountErasure): Promise<boolean> {
  const { db, clock, keyRing, erasedAccounts } = deps;
  const { id, accountId, confirmedAt } = erasure;
  // Before anything goes: no copy of the database brings the account back from here on.
  const uuid = await findAccountUuid(db, accountId);
  if (uuid !== null) await erasedAccounts.add(erasedAccountMac(keyRing, uuid));
  const waitedMs = clock.now().getTime() - confirmedAt.getTime();
  await deps.dropBackupFiles();
  const { released, left } = await deps.releasePages(accountId, waitedMs > RELEASE_MS);
  if (released > 0) await recordReleased(db, id, released);
  if (left > 0) return false;
  return db.transaction(async (tx) => {
    // Whoever makes somebody of a Page, or begins their erasure, has committed by now.
    await lockPages(tx, accountId);
    if (await isUnderWay(tx, accountId)) return false;
    // One that cannot end by itself ends with the account, whose certificate stands for it then.
    if (waitedMs <= SINGLE_ERASURES_MS && (await isErasing(tx, accountId))) return false;
    // While the account's key still opens where its recipients are reached.
    await tellOfAccount(tx, deps, { accountId, erasureUuid: erasure.uuid, at: clock.now() });
    await recordEnding(tx, erasure, uuid);
    return true;
  });
}

async function dropKeys(
  { keyRing, dropBackupFiles }: CarryOutAccountErasuresDeps,
  { rings, accountUuid }: OpenAccountErasure,
): Promise<void> {
  await dropBackupFiles();
  for (const ring of rings) await keyRing.dropRing(ring);
  if (accountUuid !== null) await keyRing.destroyAccountKey(accountUuid);
}

async function dropKeysInCopy(
  { db, clock, keyRingCopy }: CarryOutAccountErasuresDeps,
  { id }: OpenAccountErasure,
): Promise<void> {
  await keyRingCopy?.update();
  await recordKeysDestroyed(db, id, clock.now());
}

/** @returns whether nothing of the account is left */
async function deleteRows(deps: CarryOutAccountErasuresDeps, erasure: OpenAccountErasure): Promise<boolean> {
  const forgetUnread = await openUnread(deps);
  const gone = await readGoneKeys(deps.db, deps.keyRing, erasure.accountId);
  for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
    const done = await deps.db.transaction((tx) => deleteBatch(tx, { ...deps, forgetUnread, gone }, erasure));
    if (done !== 'more') return done === 'last';
  }
  return false;
}

interface DeleteDeps extends CarryOutAccountErasuresDeps {
  readonly forgetUnread: ForgetUnread;
  readonly gone: GoneKeys;
}

/** Some people; or, when there are none left and none can come, everything else. */
async function deleteBatch(
  tx: Tx,
  deps: DeleteDeps,
  { id, accountId, certificateHead }: OpenAccountErasure,
): Promise<'more' | 'last' | 'waits'> {
  let leads = await lockSomeLeads(tx, accountId, BATCH_LEADS);
  if (leads.length === 0) {
    // A webhook that was being worked at the yes may still make somebody: nobody is made of a Page that is locked.
    await lockPages(tx, accountId);
    leads = await lockSomeLeads(tx, accountId, BATCH_LEADS);
  }
  // An entry that such a webhook wrote gets its leaf first, which is closed then.
  if (await isUnderWay(tx, accountId)) return 'waits';
  await dropOpenErasures(tx, accountId);
  const at = deps.clock.now();
  const leaves =
    leads.length > 0
      ? await deletePeople(tx, deps, { id, accountId }, leads)
      : await deleteEverythingElse(tx, deps, accountId, at);
  const certificate = sha256(Buffer.from(certificateHead));
  const entry = { kind: 'erasure', atDay: at, scope: 'account', leaves, certificate } as const;
  const { commitment } = await appendSystemEntry(tx, deps, null, entry);
  await recordBatch(tx, id, leaves, commitment);
  if (leads.length > 0) return 'more';
  await recordAccountGone(tx, id, at);
  return 'last';
}

/** @returns how many leaves it closed */
async function deletePeople(
  tx: Tx,
  deps: DeleteDeps,
  erasure: Pick<OpenAccountErasure, 'id' | 'accountId'>,
  leadIds: readonly RowId[],
): Promise<number> {
  const leaves = await closeChains(tx, deps, erasure, leadIds);
  await dropEnvelopes(tx, leadIds);
  await deleteLeads(tx, leadIds);
  return leaves;
}

/** As it stands in a body. */
const inQuotes = (id: string): string => `"${id}"`;

/** @returns how many leaves it closed */
async function deleteEverythingElse(
  tx: Tx,
  { keyRing, forgetUnread, gone }: DeleteDeps,
  accountId: RowId,
  at: Date,
): Promise<number> {
  const { own, others } = await readPageIds(tx, accountId);
  await forgetUnread(tx, own.map(inQuotes), others.map(inQuotes));
  const leaves = await closeLeavesOfAccount(tx, keyRing, gone, { accountId, ofBackup: false });
  await deleteAccount(tx, accountId, at);
  return leaves;
}

async function complete(deps: CarryOutAccountErasuresDeps, id: RowId): Promise<number> {
  const erasure = await findOpenAccountErasure(deps.db, id);
  if (erasure === undefined) return 0;
  const { rowsDeletedAt, keysDestroyedAt, commitment, certificateHead: head, leaves, pagesReleased } = erasure;
  if (rowsDeletedAt === null || keysDestroyedAt === null || commitment === null)
    throw new InvariantError('erasure_without_head', 'an account whose rows are gone has no certificate to finish');
  if (erasure.accountUuid !== null) await deps.erasedAccounts.add(goneAccountMac(deps.keyRing, erasure.accountUuid));
  const completedAt = deps.clock.now();
  const recipients = await countCallsOfErasure(deps.db, erasure.uuid);
  if (!mayCertify(recipients, rowsDeletedAt, completedAt)) return 0;
  // The erasure of one person that ran beside this may have kept keys of their neighbours anew.
  for (const ring of erasure.rings) await deps.keyRing.dropRing(ring);
  const end = { rowsDeletedAt, keysDestroyedAt, commitment, leaves, pagesReleased, recipients };
  const certificate = signCertificate(deps, accountCertificate(head, end), completedAt);
  const letter = await openLetter(deps, erasure);
  const { isCompleted, isMailed } = await deps.db.transaction(async (tx) => {
    if ((await recordAccountComplete(tx, id, certificate, completedAt)) === 0)
      return { isCompleted: false, isMailed: false };
    const mail = letter === null ? null : { ...letter, certificate };
    return { isCompleted: true, isMailed: mail !== null && (await mailCertificate(tx, deps, erasure, mail)) };
  });
  // Whoever dies here leaves it to end with its day.
  if (isCompleted && !isMailed && letter !== null) await deps.keyRing.destroyAccountKey(letter.key.name);
  return isCompleted ? 1 : 0;
}

/** Null when two days have passed since the yes, and of a letter that is damaged: then the certificate is on its page alone. */
async function openLetter(
  deps: CarryOutAccountErasuresDeps,
  { code, keyDay, letterKey: name, letterCt }: OpenAccountErasure,
): Promise<Pick<Certified, 'letter' | 'key'> | null> {
  if (letterCt === null) return null;
  const key = await keyOrNull(deps.keyRing, name, keyDay);
  if (key === null) return null;
  const opened = unlessUnreadable(() => openField(key, letterPlace(code), letterCt));
  if (opened === null) return null;
  const letter = JSON.parse(opened.toString('utf8')) as Letter;
  return { letter, key: name === null ? await newLetterKey(deps, deps.clock.now()) : { name, key } };
}

interface Certified {
  readonly letter: Letter;
  /** Of the letter, and of the mail that takes its place. */
  readonly key: MailKey;
  readonly certificate: string;
}

const mailCertificate = (
  tx: Tx,
  { post, publicUrl }: CarryOutAccountErasuresDeps,
  { accountId, code }: OpenAccountErasure,
  { letter: { to, link }, key, certificate }: Certified,
): Promise<boolean> =>
  post(tx, {
    accountId,
    kind: 'account_deleted',
    key,
    to,
    subject: 'Your account is deleted',
    text: [
      'Your account and everything in it is deleted. This is the certificate:',
      '',
      certificate,
      'It names nobody. Whoever has this address can show that it is about your account:',
      certificateLink(publicUrl, code, Buffer.from(link, 'base64url')),
      '',
      'This is the last mail: your address is deleted with it.',
      '',
    ].join('\n'),
  });
