import { batchesOf } from '../../kernel/batches';
import { parseCanonicalJson } from '../../kernel/crypto/jcs';
import { isSameMac } from '../../kernel/crypto/short-mac';
import { InvariantError } from '../../kernel/errors';
import { accountOpeningMac, announcedFact } from '../consent';
import type { ClosedState } from '../ledger';
import type { RowId, Tx } from '../sql.types';
import { BEFORE_ALL } from './audit-people.store';
import {
  hasWording,
  readAnnounced,
  readPages,
  readUnownedWordings,
  type AnnouncedRow,
  type AuditedPage,
} from './audit-pages.store';
import { UNSHOWN, type Report } from './audit.types';

const BATCH_ROWS = 500;

/** What the body of an entry that concerns nobody says, as far as an audit needs to know. */
export interface SystemFacts {
  readonly kind: string;
  readonly page?: string;
  readonly broadcast?: string;
  readonly content_sha256?: string;
  readonly root?: string;
  readonly n?: number;
  /** Of `sends`: only there, and then true, where a draft was tried. */
  readonly test?: boolean;
  readonly opt_in_mode?: string;
  readonly basis?: string;
  readonly vkey?: string;
  readonly sha256?: string;
  /** Of an `erasure` or a `restore`: how many leaves it closed, or opened again, */
  readonly leaves?: number;
  /** and of what kind: of a person, or of an account, */
  readonly scope?: string;
  /** or what a restore made of them. */
  readonly state?: string;
  readonly notice?: {
    readonly version: number;
    readonly lang: string;
    readonly surface: string;
    readonly sha256: string;
  };
}

/** Null for bytes that are no entry. */
export function systemFacts(body: Buffer): SystemFacts | null {
  try {
    const value = parseCanonicalJson(body);
    return typeof value === 'object' && value !== null ? (value as SystemFacts) : null;
  } catch (error) {
    if (error instanceof InvariantError) return null;
    throw error;
  }
}

export type ClosedLeaves = Record<ClosedState, number>;
export const CLOSED_STATES = ['erased', 'closed', 'lost'] as const satisfies readonly ClosedState[];
export const noLeaves = (): ClosedLeaves => ({ erased: 0, closed: 0, lost: 0 });

/** Adds the leaves that an entry accounts for. */
export function countClosed(closed: ClosedLeaves, facts: SystemFacts): void {
  const state = closedState(facts);
  if (state !== undefined) closed[state] += facts.leaves ?? 0;
  // People of a deleted account who came back.
  if (facts.kind === 'restore' && facts.state === 'returned') closed.closed -= facts.leaves ?? 0;
}

function closedState({ kind, scope, state }: SystemFacts): ClosedState | undefined {
  if (kind === 'erasure') return scope === 'account' ? 'closed' : 'erased';
  return kind === 'restore' ? CLOSED_STATES.find((one) => one === state) : undefined;
}

/** Kinds that are of an account. */
const OF_AN_ACCOUNT: ReadonlySet<string> = new Set(['sends', 'notice', 'settings']);
/** Kinds that are the installation's, and outlive every account. Every other kind is about a person, and is sealed. */
const OF_NOBODY: ReadonlySet<string> = new Set(['erasure', 'restore', 'log_key', 'secret_commit']);

/** Whether an entry that stands in clear may, with this account. */
const isOfItsOwner = (kind: string, accountId: RowId | null): boolean =>
  (accountId === null ? OF_NOBODY : OF_AN_ACCOUNT).has(kind);

/** An entry whose opening is known to be the one that was logged, or that waits. */
export interface SystemEntryAt {
  readonly entryId: string | null;
  /** Null while it waits. */
  readonly index: number | null;
  readonly accountId: RowId | null;
}

/** With what its row says of whose it is. */
export interface ClearEntryAt extends SystemEntryAt {
  readonly accountUuid: string | null;
  readonly ownerMac: Buffer | null;
}

interface PageTold {
  /** The newest entry about the Page. */
  last: SystemEntryAt;
  settings: { readonly at: SystemEntryAt; readonly mode: string; readonly basis: string } | null;
  notice: { readonly at: SystemEntryAt; readonly version: number } | null;
  wordings: number;
  rows: number;
}

/** What entries tell of Pages and announcements. Grows with the Pages of the installation, not with its log. */
export interface ToldFacts {
  readonly ownerKey: Buffer;
  readonly pages: Map<string, PageTold>;
  /** Hash of what was announced, with the newest entry that announced it. */
  readonly announced: Map<string, SystemEntryAt>;
  /** Leaf of the first entry that announced a key of the log: releases that kept only the last attempt of a message wrote theirs before. */
  firstKeyLeaf: number | null;
}

/** @param ownerKey of the MAC that shows whose an opening is */
export const toldFacts = (ownerKey: Buffer): ToldFacts => ({
  ownerKey,
  pages: new Map(),
  announced: new Map(),
  firstKeyLeaf: null,
});

const pageKey = (accountId: RowId | null, metaPageId: string): string => `${accountId ?? ''}/${metaPageId}`;

function ownerFault({ ownerKey }: ToldFacts, at: ClearEntryAt, { kind }: SystemFacts): string | null {
  if (!isOfItsOwner(kind, at.accountId))
    return 'an entry stands in clear that is about a person, or is given to an account that is not its own';
  return isSameMac(at.ownerMac, accountOpeningMac(ownerKey, at.entryId ?? '', at.accountUuid)) ? null : UNSHOWN;
}

/** Takes entries in the order of the log, and compares those about wordings with what is stored. */
export async function noteSystemEntry(
  tx: Tx,
  told: ToldFacts,
  at: ClearEntryAt,
  facts: SystemFacts,
  report: Report,
): Promise<void> {
  const fact = announcedFact(facts);
  if (fact !== null) {
    told.announced.set(fact.toString('hex'), at);
  }
  const fault = ownerFault(told, at, facts);
  if (fault !== null) report('opening_owner', at.index, at.entryId, fault);
  if (facts.kind === 'log_key') told.firstKeyLeaf ??= at.index;
  if (facts.page === undefined) return;
  if (facts.kind === 'settings') {
    const page = pageOf(told, at, facts.page);
    page.settings = { at, mode: facts.opt_in_mode ?? '', basis: facts.basis ?? '' };
  }
  if (facts.kind !== 'notice' || facts.notice === undefined) return;
  const { version, lang: language, surface, sha256 } = facts.notice;
  const page = pageOf(told, at, facts.page);
  page.notice = { at, version };
  page.wordings += 1;
  const place = { accountId: at.accountId, metaPageId: facts.page };
  if (!(await hasWording(tx, place, { version, language, surface, sha256 })))
    report('notice_missing', at.index, at.entryId, 'a wording that an entry published is gone, or is another one');
}

function pageOf({ pages }: ToldFacts, at: SystemEntryAt, metaPageId: string): PageTold {
  const key = pageKey(at.accountId, metaPageId);
  const page = pages.get(key) ?? { last: at, settings: null, notice: null, wordings: 0, rows: 0 };
  page.last = at;
  pages.set(key, page);
  return page;
}

/** Pages, wordings and announcements, after every entry has told of them. */
export async function auditTold(tx: Tx, told: ToldFacts, report: Report): Promise<void> {
  for await (const rows of batchesOf<AuditedPage>((last) => readPages(tx, last?.id ?? BEFORE_ALL, BATCH_ROWS))) {
    for (const row of rows) auditPage(told, row, report);
  }
  for (const { rows, last } of told.pages.values())
    if (rows !== 1)
      report('page_missing', last.index, last.entryId, 'an entry tells of a Page that is not stored once');
  if ((await readUnownedWordings(tx)).length > 0)
    report('notice_unlogged', null, null, 'a wording is stored of a Page that is not');
  await auditAnnounced(tx, told, report);
}

function auditPage({ pages }: ToldFacts, row: AuditedPage, report: Report): void {
  const page = pages.get(pageKey(row.accountId, row.metaPageId));
  if (page !== undefined) page.rows += 1;
  const say = (what: string, sentence: string, at?: SystemEntryAt): void =>
    report(what, at?.index ?? null, at?.entryId ?? null, sentence);
  const settings = page?.settings ?? null;
  if (settings !== null && (settings.mode !== row.optInMode || settings.basis !== row.basis))
    say('page_settings', 'a Page has another opt-in mode or basis than its newest settings in the log', settings.at);
  if (settings === null) say('page_unlogged', 'a Page is stored whose settings no entry tells of');
  auditWordings(page ?? NOTHING_TOLD, row, say);
}

const NOTHING_TOLD = { wordings: 0, notice: null };

function auditWordings(
  { wordings, notice }: Pick<PageTold, 'wordings' | 'notice'>,
  row: AuditedPage,
  say: (what: string, sentence: string, at?: SystemEntryAt) => void,
): void {
  if (wordings !== row.wordings)
    say('notice_unlogged', 'a Page has another number of wordings than the log tells of', notice?.at);
  if ((notice?.version ?? 0) !== row.noticeVersion)
    say('page_notice', 'a Page has another wording in force than the newest one in the log', notice?.at);
}

/** Each announcement has a row, so that it is made once, and each row an announcement. */
async function auditAnnounced(tx: Tx, { announced }: ToldFacts, report: Report): Promise<void> {
  const missing = new Map(announced);
  for await (const rows of batchesOf<AnnouncedRow>((last) => readAnnounced(tx, last?.fact ?? null, BATCH_ROWS))) {
    for (const { fact, entryId } of rows) {
      if (announced.get(fact)?.entryId === entryId) missing.delete(fact);
      else report('announced_changed', null, entryId, 'an announcement is stored that its entry does not make');
    }
  }
  for (const { index, entryId } of missing.values())
    report('announced_missing', index, entryId, 'a key or secret was announced, and nothing says so any more');
}
