import { RETENTION } from '../../../config/retention';
import type { HistoryEntry } from '../consent';
import type { LeadRow } from '../leads';
import type { RecipientOfPerson } from '../recipients';
import type { HandedOut, LeadFacts, MessageFacts, PlanFacts, ReplyFacts } from './access.store';
import type { AccessRecord, AccessSection } from './access.types';

/** What is known of a person, opened. */
export interface PersonFacts {
  readonly psid: string;
  readonly row: LeadRow;
  readonly lead: LeadFacts;
  readonly tags: readonly string[];
  readonly entries: readonly (HistoryEntry & { readonly body: string; readonly wording: string | null })[];
  /** Their own events in webhooks, as Meta wrote them. */
  readonly events: readonly string[];
  readonly messages: readonly (MessageFacts & { readonly content: object | null })[];
  readonly replies: readonly ReplyFacts[];
  readonly plans: readonly PlanFacts[];
  readonly handedOut: readonly HandedOut[];
  readonly recipients: readonly RecipientOfPerson[];
  readonly isOnList: boolean;
}

const YOU_AND_META = 'You, by what you did in Messenger. Meta sent it to us, signed.';
const NOBODY = 'Nobody.';
const UNTIL_ERASED =
  `Until you ask for it to be deleted, or the Page ends its account; at the latest ${String(RETENTION.silentMonths)} months after we last heard of you, ` +
  `or, when you unsubscribed, ${String(RETENTION.leftMonths)} months after that.`;
const FOR_PROOF = 'To show later that you agreed, what you agreed to, and that you could leave.';

const iso = (at: Date | null): string | null => at?.toISOString() ?? null;

/** Everything that is kept, in an order in which people read it. A group without records stays: that nothing is kept is an answer too. */
export const sectionsOf = (facts: PersonFacts): readonly AccessSection[] => [
  identity(facts),
  standing(facts),
  choices(facts),
  events(facts),
  messages(facts),
  replies(facts),
  marketing(facts),
  labels(facts),
  plans(facts),
  handedOut(facts),
  recipients(facts),
  refusals(facts),
];

const identity = ({ psid, row }: PersonFacts): AccessSection => ({
  name: 'identity',
  what: 'The number by which Messenger knows you on this Page. It is another one on every Page. We know no name.',
  source: YOU_AND_META,
  purpose: 'Without it no message could be sent to you, and your messages could not be told from those of others.',
  recipients: 'Meta, which gave it to us, with every message to you.',
  retention: UNTIL_ERASED,
  records: [
    {
      page_scoped_id: psid,
      id_here: row.uuid,
      id_in_log: row.subjectRef.toString('hex'),
      first_seen_at: iso(row.createdAt),
      came_back_at: iso(row.returnedAt),
    },
  ],
});

const standing = ({ row, lead }: PersonFacts): AccessSection => ({
  name: 'standing',
  what: 'Whether you get messages of this Page, and since when; when you last wrote; which language and time zone count.',
  source: `${YOU_AND_META} Times at which a message could not be delivered are Meta's answers.`,
  purpose: 'To write to you only while you agree, and only while Messenger allows an answer.',
  recipients: NOBODY,
  retention: UNTIL_ERASED,
  records: [
    {
      status: row.status,
      opted_in_at: iso(row.optedInAt),
      last_choice_at: iso(row.explicitActAt),
      withdrawn_at: iso(row.withdrawnAt),
      last_message_from_you_at: iso(row.lastInboundAt),
      last_message_by_way_of_an_ad_at: iso(row.lastAdMessageAt),
      notice_shown_at: iso(row.noticeShownAt),
      notice_version: lead.noticeVersion,
      unreachable_since: iso(row.unreachableAt),
      failures_in_a_row: row.failedInARow,
      restricted_at: iso(lead.restrictedAt),
      language: row.locale,
      time_zone: lead.timeZone,
    },
  ],
});

const choices = ({ entries }: PersonFacts): AccessSection => ({
  name: 'choices',
  what: 'What you agreed to and took back, and which text was shown to you, as it was written into the signed log.',
  source: YOU_AND_META,
  purpose: FOR_PROOF,
  recipients: 'Whoever the Page shows a proof to; see "Handed out".',
  retention: `${UNTIL_ERASED} The log itself keeps numbers from which nobody can tell anything once this is deleted.`,
  records: entries.map(({ n, kind, at, eventAt, via, purposes, basis, wording, commitment, body }) => ({
    n,
    kind,
    acted_at: eventAt,
    written_at: at,
    via,
    purposes,
    basis,
    wording,
    commitment,
    body,
  })),
});

const events = ({ events: own }: PersonFacts): AccessSection => ({
  name: 'webhooks',
  what: 'Those of your messages and taps that an entry above rests on, exactly as Meta sent them. Others are not kept.',
  source: YOU_AND_META,
  purpose: FOR_PROOF,
  recipients: 'Whoever the Page shows a proof to; see "Handed out".',
  retention: UNTIL_ERASED,
  records: own.map((event) => ({ event })),
});

const messages = ({ messages: all }: PersonFacts): AccessSection => ({
  name: 'messages',
  what: 'Broadcasts that were meant for you: whether each was sent or why not, and what Messenger told us of it.',
  source: 'The Page wrote them. Times of delivery and reading are what Meta told us; a tap on a button is yours.',
  purpose: 'To send each once, to count how many arrived, and to show for each that you had agreed to it.',
  recipients: 'Meta, which delivers them.',
  retention: `${UNTIL_ERASED} Whether it was delivered or read: ${String(RETENTION.receiptDays)} days. Counts without your name stay with the broadcast.`,
  records: all.map((message) => ({
    broadcast: message.broadcastUuid,
    is_test: message.isTest,
    attempt: message.attempt,
    status: message.status,
    reason: message.reason,
    path: message.path,
    authorised_at: iso(message.authorisedAt),
    settled_at: iso(message.settledAt),
    delivered_at: iso(message.deliveredAt),
    read_at: iso(message.readAt),
    tapped_at: iso(message.clickedAt),
    unsubscribed_at: iso(message.unsubscribedAt),
    content: message.content,
  })),
});

const replies = ({ replies: all }: PersonFacts): AccessSection => ({
  name: 'answers',
  what: 'Automatic answers to you: the welcome, confirmations, and what you asked for. Which kind, when, and whether it arrived.',
  source: 'This program.',
  purpose: 'To answer you once, and not twice.',
  recipients: 'Meta, which delivers them.',
  retention: UNTIL_ERASED,
  records: all.map(({ kind, language, status, reason, createdAt, settledAt }) => ({
    kind,
    language,
    status,
    reason,
    asked_at: iso(createdAt),
    settled_at: iso(settledAt),
  })),
});

const marketing = ({ row, lead }: PersonFacts): AccessSection => ({
  name: 'marketing_permission',
  what: 'A permission of yours that Meta keeps and told us of. The token that came with it stands in the event above, as Meta sent it; only the Page can use it.',
  source: YOU_AND_META,
  purpose: 'To know whether Messenger lets the Page send you offers outside of a conversation.',
  recipients: 'Meta, which gave it to us.',
  retention: UNTIL_ERASED,
  records:
    row.marketingTokenState === null
      ? []
      : [
          {
            state: row.marketingTokenState,
            told_at: iso(row.marketingTokenAt),
            expires_at: iso(lead.tokenExpiresAt),
          },
        ],
});

const labels = ({ tags, row, entries }: PersonFacts): AccessSection => ({
  name: 'labels',
  what: 'Words the Page put to you, and the link or ad by which you came.',
  source: 'The Page; the link you followed.',
  purpose: 'To choose who gets which message.',
  recipients: NOBODY,
  retention: UNTIL_ERASED,
  records: [
    ...tags.map((tag): AccessRecord => ({ label: tag })),
    ...(row.refIndex === null ? [] : [{ came_by: refOf(entries), also_kept_as: row.refIndex.toString('hex') }]),
  ],
});

/** The newest link that an entry names; a later one that led to no entry is kept as its keyed hash alone. */
function refOf(entries: PersonFacts['entries']): string | null {
  for (const { body } of entries.toReversed()) {
    const { ref } = JSON.parse(body) as { readonly ref?: string };
    if (ref !== undefined) return ref;
  }
  return null;
}

const plans = ({ plans: all }: PersonFacts): AccessSection => ({
  name: 'plans',
  what: 'Broadcasts of the Page that name you and have not begun.',
  source: 'The Page.',
  purpose: 'To choose who gets which message.',
  recipients: NOBODY,
  retention: 'Until the broadcast begins or its draft is deleted.',
  records: all.map(({ broadcastUuid, status }) => ({ broadcast: broadcastUuid, status })),
});

const handedOut = ({ handedOut: all }: PersonFacts): AccessSection => ({
  name: 'handed_out',
  what: 'Files about you that the Page took out of this program: proofs of what you agreed to.',
  source: 'This program.',
  purpose: 'So that you can ask where your data went.',
  recipients: 'The Page, and whoever the Page gave them to.',
  retention: 'This list: until such a file counts as expired. The files are with whoever has them.',
  records: all.map(({ kind, state, createdAt }) => ({ kind, state, made_at: iso(createdAt) })),
});

const recipients = ({ recipients: all }: PersonFacts): AccessSection => ({
  name: 'recipients',
  what: 'Who else gets data about you from the Page, what for and where, and when it was given to them. Who gets that of everybody is named even if nothing was given yet.',
  source: 'The Page, which must say so before anything is given.',
  purpose: 'So that you know who has your data, and so that they are told when it is deleted.',
  recipients: 'Those who are named here.',
  retention: `${UNTIL_ERASED} Then they are told, for up to 72 hours.`,
  records: all.map(({ name, purpose, country, kind, receives, firstAt, lastAt, endedAt }) => ({
    recipient: name,
    purpose,
    country,
    kind,
    receives,
    first_given_at: iso(firstAt),
    last_given_at: iso(lastAt),
    ended_at: iso(endedAt),
  })),
});

const refusals = ({ isOnList }: PersonFacts): AccessSection => ({
  name: 'refusal_mark',
  what: 'A mark by which we know that you must not be written to: you wished it when you had your data deleted before, or the Page brought it from where you had unsubscribed.',
  source: 'You, or the Page.',
  purpose: 'So that you are not written to again.',
  recipients: NOBODY,
  retention: UNTIL_ERASED,
  records: isOnList ? [{ is_marked: true }] : [],
});

/** What there may be besides, and why it is not among the sections. */
export const NOT_SHOWN: readonly string[] = [
  'What Meta sent us in the last 48 hours, as it came: sealed under a key that is destroyed after that time, in bodies that may hold other people too.',
  'Marks by which a message that Meta sends twice is recognised. They are made with your key and say nothing by themselves.',
  'Copies of the database that whoever runs this program may keep. They name you only as long as your key exists; it is not in them.',
  "Meta's own copy of the conversation.",
];
