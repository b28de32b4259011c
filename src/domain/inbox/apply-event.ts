import { OperationalError } from '../../kernel/errors';
import {
  DEFAULT_LANGUAGE,
  decideConsent,
  recordToken,
  trustedAt,
  type EventEvidence,
  type SignedBody,
} from '../consent';
import {
  createLead,
  lockLeadAt,
  onRing,
  placePerson,
  refIndex,
  updateContact,
  type ContactChange,
  type OpenLead,
  type PersonPlace,
} from '../leads';
import { findPageByMetaId, suppressionMac, type Page } from '../pages';
import type { Tx } from '../sql.types';
import { carryOut, classifyWord, readErasureAnswer, type CarryOutInput } from '../unsubscribe';
import { actOf, type PersonAct, type Word } from './act-of-event';
import { ended, type AppliedEvent } from './applied-event';
import { applyPageEvent } from './apply-page-event';
import { applyReceipt } from './apply-receipt';
import { causeOf, eventMac } from './event-key.rules';
import type { ParsedEvent } from './inbound.types';
import type { ApplyEventDeps } from './inbox.deps.types';
import { answersUnderWay, isSuppressed, markEvent, wasAskedToErase } from './inbox.store';
import { reachOf } from './reach.rules';

/** The rows of the person are about to go. Worked again a moment later, the event is judged against the mark they leave. */
class LeadErasing extends OperationalError<'lead_erasing'> {
  constructor() {
    super('lead_erasing', 'the lead of an event is being erased');
  }
}

/** Nobody needs the welcome twice within a day, however often they tap. */
const WELCOME_AGAIN_MS = 86_400_000;
/** A yes counts for so long after the question. */
const ASKED_MS = 86_400_000;

/** Gives one event its effect, in the transaction that also forgets its bytes. The same event twice has one effect. */
export async function applyEvent(
  tx: Tx,
  deps: ApplyEventDeps,
  body: SignedBody,
  event: ParsedEvent,
): Promise<AppliedEvent> {
  if (event.kind === 'ignored') return ended(event.reason);
  const page = await findPageByMetaId(tx, event.pageId);
  if (page === undefined) {
    if (isStop(event, body)) await deps.onUnheardStop(tx, event.pageId);
    return ended('unknown_page');
  }
  if (event.psid === null) return applyPageEvent(tx, deps, page, event);
  if (event.kind === 'echo' || event.kind === 'delivery' || event.kind === 'read') {
    return applyReceipt(tx, deps, page, event.psid, event);
  }
  const act = actOf(event, body.receivedAt, wordOf(event));
  if (act === null) return ended('noted');
  const evidence = { body, segmentIndex: event.segmentIndex };
  return applyAct(tx, deps, { page, psid: event.psid, event, act, evidence });
}

const isStop = (event: ParsedEvent, { receivedAt }: SignedBody): boolean =>
  event.kind !== 'ignored' && event.psid !== null && actOf(event, receivedAt, wordOf(event))?.act.kind === 'stop';

function wordOf(event: ParsedEvent): Word {
  if (event.kind !== 'message' && event.kind !== 'message_edit') return null;
  return event.text === null ? null : (readErasureAnswer(event.text) ?? classifyWord(event.text));
}

interface PersonEvent {
  readonly page: Page;
  readonly psid: string;
  readonly event: ParsedEvent;
  readonly act: PersonAct;
  readonly evidence: EventEvidence;
}

async function applyAct(tx: Tx, deps: ApplyEventDeps, person: PersonEvent): Promise<AppliedEvent> {
  const { page, psid, event, act } = person;
  const place = await placePerson(tx, deps, page, psid);
  const known = await lockLeadAt(tx, deps, page, place);
  if (known?.row.status === 'erasing') throw new LeadErasing();
  const underWay = await readUnderWay(tx, deps, known, act);
  const decision = await decide(tx, deps, person, { known, underWay });
  if (typeof decision === 'string') return ended(decision);
  const lead = known ?? (await begin(tx, deps, person, place, decision));
  const mac = eventMac(lead.dek, event);
  if (!(await markEvent(tx, lead.row.id, mac, latest(reachOf(act.act), deps.clock.now())))) return ended('duplicate');
  const hasReplies = await answer(tx, deps, lead, person, { decision, cause: causeOf(mac), underWay });
  return { outcome: known === null ? 'created' : 'applied', repliesFor: hasReplies ? page.uuid : null };
}

interface Answered extends Pick<Decided, 'decision' | 'cause'> {
  readonly underWay: ReadonlySet<string>;
}

/** Makes the decision come true, and the answers with it. @returns whether something waits to be sent */
async function answer(
  tx: Tx,
  deps: ApplyEventDeps,
  lead: OpenLead,
  person: PersonEvent,
  { decision, cause, underWay }: Answered,
): Promise<boolean> {
  const { page, act } = person;
  const isErased = act.confirmsErasure !== null && (await isMeant(tx, deps, lead, act));
  const asked = isErased ? [] : askedFor(act).filter((kind) => !underWay.has(kind));
  await settle(tx, deps, lead, person, { decision: answeredOnce(decision, asked), cause, asked });
  if (isErased) await deps.eraseByChat(tx, lead, page, { cause, language: languageOf(lead), keepsMark: act.keepsMark });
  return isErased || asked.length > 0 || decision.replies.length > 0;
}

/** @returns how the event ends when it has no effect */
async function decide(
  tx: Tx,
  deps: ApplyEventDeps,
  { page, psid, act }: PersonEvent,
  { known, underWay }: { readonly known: OpenLead | null; readonly underWay: ReadonlySet<string> },
): Promise<Decided['decision'] | 'stale' | 'unknown_person' | 'erased'> {
  const suppressed = known === null && (await onList(tx, deps, page, psid));
  const answers = { welcome: underWay.has('welcome'), askSubscribe: underWay.has('ask_subscribe') };
  const decision = decideConsent(known?.row ?? null, act.act, page, suppressed, answers);
  if (decision.kind === 'refuse') {
    if (act.act.kind === 'stop') await deps.onUnheardStop(tx, page.metaPageId);
    return decision.reason === 'stale' ? 'stale' : 'unknown_person';
  }
  if (known !== null) return decision;
  const { receivedAt } = act.act;
  const eventAt = trustedAt(act.act);
  // Said to whoever had the Page before: an account that was deleted, perhaps, which knew of a later word too.
  if (eventAt < page.createdAt) return 'stale';
  const moment = { eventAt, receivedAt, reach: reachOf(act.act) };
  const isLate = await deps.wasErasedSince(tx, page.metaPageId, { psid, ...moment });
  return isLate ? 'erased' : decision;
}

type Asked = 'notice_link' | 'my_consent' | 'my_data' | 'ask_erasure';

const languageOf = ({ row }: OpenLead): string => row.locale ?? DEFAULT_LANGUAGE;

/** Words that answer may be words that ask: what was typed, or had come, before the question was sent was no answer to it. */
const isMeant = (tx: Tx, { clock }: ApplyEventDeps, { row }: OpenLead, person: PersonAct): Promise<boolean> =>
  wasAskedToErase(tx, row.id, {
    since: new Date(clock.now().getTime() - ASKED_MS),
    sentBefore: person.confirmsErasure === 'typed' ? earlier(person.act) : null,
  });

const earlier = ({ at, receivedAt }: PersonAct['act']): Date => (at < receivedAt ? at : receivedAt);

/** The question whether somebody means it says too that they are unsubscribed. */
const answeredOnce = (decision: Decided['decision'], asked: readonly Asked[]): Decided['decision'] =>
  asked.includes('ask_erasure')
    ? { ...decision, replies: decision.replies.filter((kind) => kind !== 'confirm_unsubscribed') }
    : decision;

const askedFor = ({ asksForErasure, confirmsErasure, ...act }: PersonAct): readonly Asked[] => [
  ...(act.asksForNotice ? (['notice_link'] as const) : []),
  ...(act.asksForReceipt ? (['my_consent'] as const) : []),
  ...(act.asksForAccess ? (['my_data'] as const) : []),
  ...(asksForErasure || confirmsErasure !== null ? (['ask_erasure'] as const) : []),
];

const NOTHING: ReadonlySet<string> = new Set();

/** Asked only where an answer may depend on it: most acts get none. */
function readUnderWay(
  tx: Tx,
  { clock }: ApplyEventDeps,
  known: OpenLead | null,
  person: PersonAct,
): Promise<ReadonlySet<string>> {
  if (known === null) return Promise.resolve(NOTHING);
  const { row } = known;
  const { act } = person;
  const mayAnswer =
    askedFor(person).length > 0 || act.kind === 'get_started' || (row.noticeShownAt === null && act.creates);
  if (!mayAnswer) return Promise.resolve(NOTHING);
  return answersUnderWay(tx, row.id, new Date(clock.now().getTime() - WELCOME_AGAIN_MS));
}

interface Decided extends Pick<CarryOutInput, 'decision' | 'cause'> {
  readonly asked: readonly Asked[];
}

async function settle(
  tx: Tx,
  deps: ApplyEventDeps,
  lead: OpenLead,
  person: PersonEvent,
  { decision, cause, asked }: Decided,
): Promise<void> {
  const { page, act, evidence } = person;
  const eventAt = trustedAt(act.act);
  const { ref, deliveryUuid } = act;
  const decided = await carryOut(tx, deps, lead, { page, decision, eventAt, evidence, ref, cause, deliveryUuid });
  const current = await applyToken(tx, deps, decided, person, eventAt);
  const contact = contactAfter(deps, person, current.row, eventAt);
  if (!sameContact(current.row, contact)) await updateContact(tx, current.row.id, contact);
  const language = languageOf(current);
  for (const kind of asked) {
    await deps.queueReply(tx, { leadId: current.row.id, pageId: page.id, kind, cause, language });
  }
}

/** Keeps what Meta says of its own permission for marketing messages. */
function applyToken(
  tx: Tx,
  deps: ApplyEventDeps,
  lead: OpenLead,
  { page, event, evidence }: PersonEvent,
  eventAt: Date,
): Promise<OpenLead> {
  if (event.kind !== 'marketing_optin' || event.token === null) return Promise.resolve(lead);
  const { status, token, expiresAtMs } = event;
  const expiresAt = expiresAtMs === null ? null : new Date(expiresAtMs);
  return recordToken(tx, deps, lead, { page, status, token, expiresAt, eventAt, evidence });
}

function begin(
  tx: Tx,
  deps: ApplyEventDeps,
  person: PersonEvent,
  place: PersonPlace,
  decision: Decided['decision'],
): Promise<OpenLead> {
  const contact = contactAfter(deps, person, NO_CONTACT, trustedAt(person.act.act));
  const { status } = decision.state;
  return createLead(tx, deps, person.page, place, { psid: person.psid, status, at: deps.clock.now(), contact });
}

const NO_CONTACT: ContactChange = {
  lastInboundAt: null,
  lastAdMessageAt: null,
  unreachableAt: null,
  failedInARow: 0,
  refIndex: null,
};

/** Whether an opt-out of this person was brought along. Read under the bucket's share lock, which an import waits for. */
function onList(tx: Tx, { keyRing }: ApplyEventDeps, page: Page, psid: string): Promise<boolean> {
  return isSuppressed(
    tx,
    page.id,
    onRing(page.uuid, () => suppressionMac(keyRing, page.uuid, psid)),
  );
}

/** What an act of the person says about reaching them. Times only grow, in whatever order the events come. */
function contactAfter(
  { keyRing }: ApplyEventDeps,
  { page, act }: PersonEvent,
  row: ContactChange,
  eventAt: Date,
): ContactChange {
  const isBack = row.unreachableAt === null || eventAt > row.unreachableAt;
  return {
    lastInboundAt: act.opensWindow ? latest(row.lastInboundAt, eventAt) : row.lastInboundAt,
    lastAdMessageAt: act.isFromAd ? latest(row.lastAdMessageAt, eventAt) : row.lastAdMessageAt,
    unreachableAt: isBack ? null : row.unreachableAt,
    failedInARow: isBack ? 0 : row.failedInARow,
    refIndex: row.refIndex ?? (act.ref === null ? null : refIndex(keyRing, page.uuid, act.ref)),
  };
}

const sameContact = (a: ContactChange, b: ContactChange): boolean =>
  a.failedInARow === b.failedInARow &&
  a.unreachableAt === b.unreachableAt &&
  a.lastInboundAt === b.lastInboundAt &&
  a.lastAdMessageAt === b.lastAdMessageAt &&
  a.refIndex === b.refIndex;

const latest = (known: Date | null, at: Date): Date => (known === null || at.getTime() > known.getTime() ? at : known);
