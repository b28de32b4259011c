import { recordAudit } from '../accounts';
import type { Tx } from '../sql.types';
import {
  changedTexts,
  checkNameInNotice,
  checkNoticeChange,
  defaultNoticeText,
  FALLBACK_LANGUAGE,
} from './notice.rules';
import { noticeTexts, writeNextNotice } from './notice.store';
import { resolveSettings } from './page-settings.rules';
import { reactivatePage, replaceToken, updateSettings } from './page.store';
import { sealToken } from './page-token';
import type { PageDeps } from './pages.deps.types';
import { invalidPageInput } from './pages.errors';
import type { Page, PageSettings, PageSettingsChange } from './pages.types';

export type ChangeDeps = Pick<PageDeps, 'keyRing' | 'clock' | 'ids' | 'appendSystemEntry' | 'reopenBroadcasts'>;

export interface PageChange {
  readonly settings: PageSettingsChange;
  /** Verified with Meta by the caller. */
  readonly token: string | null;
  /** Whether the new token may also end a stop of this kind. */
  readonly mayRestart: (page: Page) => boolean;
}

/**
 * Resolves a change without writing anything, so that a bad field is named before Meta is asked.
 *
 * @throws {UserError} `validation_failed`
 */
export function resolveOrThrow(current: PageSettings | null, change: PageSettingsChange) {
  const resolved = resolveSettings(current, change);
  const named = resolved.errors.some(({ pointer }) => pointer === '/name') ? [] : checkNameInNotice(change.name);
  const errors = [...resolved.errors, ...named, ...checkNoticeChange(change.notice ?? {}, resolved.settings.name)];
  if (errors.length > 0) throw invalidPageInput(errors);
  return resolved;
}

/** Applies a change to a Page whose row is locked; its ledger entries commit with it. */
export async function changePage(tx: Tx, deps: ChangeDeps, page: Page, change: PageChange): Promise<void> {
  const { settings, reasonToRecord } = resolveOrThrow(page, change.settings);
  const at = deps.clock.now();
  await updateSettings(tx, page.id, settings, at);
  if (change.token !== null) {
    await replaceToken(tx, page.id, sealToken(deps.keyRing, page.uuid, change.token), at);
    if (page.state !== 'active' && change.mayRestart(page)) {
      await reactivatePage(tx, page.id, at);
      await deps.reopenBroadcasts(tx, page.id);
    }
  }
  await changeNotice(tx, deps, page, settings, change.settings.notice ?? {});
  if (consentTermsOf(settings) !== consentTermsOf(page)) await appendSettings(tx, deps, page, settings);
  if (reasonToRecord !== null) await recordModeReason(tx, deps, page, reasonToRecord);
}

const consentTermsOf = ({ optInMode, basis }: PageSettings): string => `${optInMode} ${basis}`;

async function changeNotice(
  tx: Tx,
  deps: ChangeDeps,
  page: Page,
  settings: PageSettings,
  change: NonNullable<PageSettingsChange['notice']>,
): Promise<void> {
  const current = await noticeTexts(tx, page.id, page.name);
  const kept = new Map(current);
  // The default wording says how one gets in; it must not outlive the mode it was made for.
  if (current.get(FALLBACK_LANGUAGE) === defaultNoticeText(page.optInMode)) {
    kept.set(FALLBACK_LANGUAGE, defaultNoticeText(settings.optInMode));
  }
  const next = changedTexts(kept, change, settings.name);
  if (settings.name === page.name && sameTexts(current, next)) return;
  const errors = checkNoticeChange(Object.fromEntries(next), settings.name);
  if (errors.length > 0) throw invalidPageInput(errors);
  await publishNotice(tx, deps, { ...page, name: settings.name }, next);
}

const sameTexts = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean =>
  a.size === b.size && [...a].every(([language, text]) => b.get(language) === text);

type PageInLedger = Pick<Page, 'id' | 'uuid' | 'accountId' | 'metaPageId' | 'name'>;

/** Puts a new version of the notice in force and its hashes into the ledger. */
export async function publishNotice(
  tx: Tx,
  deps: Pick<ChangeDeps, 'clock' | 'appendSystemEntry'>,
  page: PageInLedger,
  texts: ReadonlyMap<string, string>,
): Promise<void> {
  const notices = await writeNextNotice(tx, page.id, page.name, texts, deps.clock.now());
  for (const { version, language, surface, sha256 } of notices) {
    const notice = { version, language, surface, sha256 };
    await deps.appendSystemEntry(tx, { kind: 'notice', metaPageId: page.metaPageId, notice }, page.accountId);
  }
}

/** Puts the terms under which opt-ins count from now on into the ledger. */
export const appendSettings = (
  tx: Tx,
  deps: Pick<ChangeDeps, 'appendSystemEntry'>,
  { metaPageId, accountId }: Pick<Page, 'accountId' | 'metaPageId'>,
  { optInMode, basis }: PageSettings,
): Promise<unknown> => deps.appendSystemEntry(tx, { kind: 'settings', metaPageId, optInMode, basis }, accountId);

export const recordModeReason = (
  tx: Tx,
  deps: Pick<ChangeDeps, 'keyRing' | 'clock' | 'ids'>,
  page: Pick<Page, 'accountId' | 'uuid'>,
  reason: string,
): Promise<void> =>
  recordAudit(tx, deps, {
    accountId: page.accountId,
    kind: 'page.opt_in_mode_reason',
    detail: { page: page.uuid, opt_in_mode: 'conversation_start', reason },
  });
