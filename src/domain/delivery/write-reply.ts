import { InvariantError } from '../../kernel/errors';
import { openDefinition, renderMessage, UNSUBSCRIBE_TITLE, type AccountKey, type BroadcastRow } from '../broadcasts';
import { historyOf, openEntries } from '../consent';
import { webToken } from '../leads';
import { noticeOfVersion, type Notice } from '../pages';
import type { Database, RowId } from '../sql.types';
import { metadataOf } from './body.rules';
import type { SendPageRow } from './delivery.types';
import { consentOf, receiptText } from './receipt.rules';
import { renderReply } from './replies.rules';
import type { PickedReply } from './reply.store';

export interface WriteReplyDeps {
  readonly db: Database;
  readonly accountKey: AccountKey;
  /** Where people open the links in messages; no slash at the end. */
  readonly publicUrl: string;
  /** Address of the certificate, with what ties it to the person; null when no erasure of theirs is under way. */
  readonly erasureLink: (leadId: RowId, dek: Buffer) => Promise<string | null>;
}

/** A claimed reply with its person's keys. */
export interface OpenedReply {
  readonly reply: PickedReply;
  readonly dek: Buffer;
  readonly psid: string;
  /** What a test shows, as it was when the test was logged; null for other replies. */
  readonly tested: BroadcastRow | null;
}

/**
 * The request body of a claimed reply.
 *
 * @throws {InvariantError} when the reply can never be written
 */
export async function writeReply(deps: WriteReplyDeps, page: SendPageRow, opened: OpenedReply): Promise<string> {
  const { reply, psid } = opened;
  const content = await contentOf(deps, page, opened);
  const message = { ...content, metadata: metadataOf('reply', reply.uuid, reply.attempt + 1) };
  return JSON.stringify({ recipient: { id: psid }, messaging_type: 'RESPONSE', message });
}

async function contentOf(
  deps: WriteReplyDeps,
  page: SendPageRow,
  { reply, dek, tested }: OpenedReply,
): Promise<object> {
  const { kind, language } = reply;
  if (kind === 'test') return testContent(deps, tested);
  const notice =
    kind === 'welcome' ? await noticeOfVersion(deps.db, page.id, reply.noticeVersion ?? 0, language) : undefined;
  return renderReply({
    kind,
    language,
    optInMode: page.optInMode,
    noticeUrl: `${deps.publicUrl}/n/${webToken(dek)}`,
    notice: kind === 'welcome' ? bodyOf(notice) : '',
    receipt: kind === 'my_consent' ? await receiptOf(deps, page, reply, dek) : '',
    erasureUrl: kind === 'erasure_link' ? await erasureUrl(deps, reply, dek) : '',
  });
}

async function erasureUrl({ erasureLink }: WriteReplyDeps, reply: PickedReply, dek: Buffer): Promise<string> {
  const link = await erasureLink(reply.leadId, dek);
  if (link === null) throw new InvariantError('erasure_missing', 'the last reply of an erasure without its link');
  return link;
}

async function receiptOf({ db }: WriteReplyDeps, page: SendPageRow, reply: PickedReply, dek: Buffer): Promise<string> {
  const consent = consentOf(historyOf(await openEntries(db, dek, reply.leadId)));
  const shown = consent.shown?.notice ?? null;
  const notice = shown === null ? undefined : await noticeOfVersion(db, page.id, shown.version, shown.language);
  return receiptText(reply.language, consent, notice?.body ?? null);
}

function bodyOf(notice: Notice | undefined): string {
  if (notice === undefined) throw new InvariantError('notice_missing', 'a welcome without its notice');
  return notice.body;
}

async function testContent({ accountKey }: WriteReplyDeps, broadcast: BroadcastRow | null): Promise<object> {
  if (broadcast === null) throw new InvariantError('broadcast_missing', 'a test reply without its broadcast');
  const { message } = openDefinition(await accountKey(broadcast.accountId), broadcast);
  return renderMessage(message, {
    unsubscribePayload: 'assent:v1:unsubscribe',
    unsubscribeTitle: UNSUBSCRIBE_TITLE,
    firstName: null,
  });
}
