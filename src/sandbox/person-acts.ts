import { randomBytes } from 'node:crypto';
import type { Emitter } from './emitter';
import type { Faults } from './faults';
import { newNumericId } from './identity';
import type { Json, Person } from './sandbox.types';
import { isObject, textOf } from './wire-json';
import type { World } from './world';

export const ACT_KINDS = [
  'get_started',
  'message',
  'postback',
  'quick_reply',
  'referral',
  'ad',
  'optin',
  'marketing_optin',
  'marketing_stop',
  'marketing_resume',
  'reaction',
  'read',
  'block',
  'unblock',
  'sticker',
  'image',
  'edit',
  'delete',
  'account_linking',
] as const;
export type ActKind = (typeof ACT_KINDS)[number];

export interface Act {
  readonly kind: ActKind;
  readonly text?: string | undefined;
  readonly title?: string | undefined;
  readonly payload?: string | undefined;
  readonly ref?: string | undefined;
  readonly url?: string | undefined;
  /** The message that is reacted to, edited or deleted; else the newest that fits. */
  readonly mid?: string | undefined;
  readonly emoji?: string | undefined;
  readonly status?: string | undefined;
  readonly atMs?: number | undefined;
  readonly copies?: number | undefined;
}

/** The event an act becomes: `field` is the subscription it needs, `value` the member beside the timestamp. */
interface Drawn {
  readonly field: string;
  readonly member: string;
  readonly value: Json;
  readonly opensWindow: boolean;
  /** What the thread shows; the same object for messages. */
  readonly shown?: Json;
  readonly mid?: string;
  readonly hoursOpen?: number;
}

const DAY_HOURS = 24;
const HOUR_MS = 3_600_000;

/** Turns what a person does into the event Meta sends for it, and moves the 24-hour window. */
export class PersonActs {
  constructor(
    private readonly world: World,
    private readonly faults: Faults,
    private readonly emitter: Emitter,
  ) {}

  act(person: Person, act: Act): { psid: string; mid?: string } {
    const atMs = act.atMs ?? this.world.nowMs();
    this.world.version += 1;
    if (act.kind === 'block' || act.kind === 'unblock') {
      person.blocked = act.kind === 'block';
      return { psid: person.psid };
    }
    if (act.kind === 'read') return this.read(person, act, atMs);
    const drawn = this.draw(person, act, atMs);
    person.started = true;
    if (drawn.opensWindow) this.openWindow(person, atMs, drawn.hoursOpen ?? DAY_HOURS);
    if (drawn.shown !== undefined && drawn.mid !== undefined) {
      const body = JSON.stringify({ message: drawn.shown });
      this.world.append(person, { mid: drawn.mid, fromPage: false, atMs, body });
    }
    const members = `${JSON.stringify(drawn.member)}:${JSON.stringify(drawn.value)}`;
    for (let copy = 0; copy < (act.copies ?? 1); copy += 1) {
      this.emitter.fromPerson(person, drawn.field, members, atMs);
    }
    return drawn.mid === undefined ? { psid: person.psid } : { psid: person.psid, mid: drawn.mid };
  }

  private read(person: Person, act: Act, atMs: number): { psid: string } {
    person.lastReadAtMs = Math.max(person.lastReadAtMs, atMs);
    for (let copy = 0; copy < (act.copies ?? 1); copy += 1) this.emitter.read(person, atMs);
    return { psid: person.psid };
  }

  private openWindow(person: Person, atMs: number, hours: number): void {
    person.lastInboundAtMs = Math.max(person.lastInboundAtMs, atMs);
    person.windowEndsAtMs = Math.max(person.windowEndsAtMs, atMs + hours * HOUR_MS);
  }

  private draw(person: Person, act: Act, atMs: number): Drawn {
    return (this.drawers[act.kind] ?? (() => this.drawMessage(act, atMs)))(person, act);
  }

  /** The kinds that are not plain messages. */
  private readonly drawers: Partial<Record<ActKind, (person: Person, act: Act) => Drawn>> = {
    get_started: (person, act) => this.drawPostback(person, act),
    postback: (person, act) => this.drawPostback(person, act),
    referral: (_, act) => ({
      field: 'messaging_referrals',
      member: 'referral',
      value: referral(act),
      opensWindow: true,
    }),
    reaction: drawReaction,
    edit: drawEdit,
    delete: drawDelete,
    optin: (_, act) => ({
      field: 'messaging_optins',
      member: 'optin',
      value: { ref: act.ref ?? '' },
      opensWindow: false,
    }),
    marketing_optin: drawMarketing,
    marketing_stop: drawMarketing,
    marketing_resume: drawMarketing,
    account_linking: (_, act) => drawLinking(act),
  };

  private drawPostback(person: Person, act: Act): Drawn {
    const configured = isObject(person.page.profile['get_started'])
      ? textOf(person.page.profile['get_started']['payload'])
      : undefined;
    const start = act.kind === 'get_started';
    const title = act.title ?? act.text ?? (start ? 'Get Started' : 'Button');
    const mid = this.world.nextMid();
    const payload = act.payload ?? (start ? (configured ?? 'GET_STARTED') : 'POSTBACK');
    const value: Json = { mid, title, payload };
    if (act.ref !== undefined) value['referral'] = referral(act);
    return {
      field: 'messaging_postbacks',
      member: 'postback',
      value,
      opensWindow: true,
      shown: { text: title, tapped: true },
      mid,
    };
  }

  private drawMessage(act: Act, atMs: number): Drawn {
    const mid = this.world.nextMid();
    const value: Json = { mid };
    if (act.kind === 'sticker') value['attachments'] = [stickerOf(act)];
    else if (act.kind === 'image') value['attachments'] = [{ type: 'image', payload: { url: imageUrl(act, atMs) } }];
    else value['text'] = act.text ?? act.title ?? 'Hi';
    if (act.kind === 'quick_reply') value['quick_reply'] = { payload: act.payload ?? 'QUICK_REPLY' };
    if (act.kind === 'ad') value['referral'] = adReferral(act);
    return {
      field: 'messages',
      member: 'message',
      value,
      opensWindow: true,
      shown: value,
      mid,
      hoursOpen: act.kind === 'ad' ? this.faults.limits.adWindowHours : DAY_HOURS,
    };
  }
}

function drawReaction(person: Person, act: Act): Drawn {
  const mid = act.mid ?? person.thread.findLast((entry) => entry.fromPage)?.mid ?? '';
  const value =
    act.status === 'unreact'
      ? { mid, action: 'unreact' }
      : { mid, action: 'react', emoji: act.emoji ?? '\u{1f44d}', reaction: 'like' };
  return { field: 'message_reactions', member: 'reaction', value, opensWindow: true };
}

function drawEdit(person: Person, act: Act): Drawn {
  const entry = ownEntry(person, act.mid);
  const text = act.text ?? 'Edited';
  const count = (entry?.edits ?? 0) + 1;
  if (entry !== undefined) {
    entry.edits = count;
    entry.body = JSON.stringify({ message: { mid: entry.mid, text } });
  }
  const value = { mid: entry?.mid ?? act.mid ?? '', text, num_edit: count };
  return { field: 'message_edits', member: 'message_edit', value, opensWindow: false };
}

function drawDelete(person: Person, act: Act): Drawn {
  const entry = ownEntry(person, act.mid);
  if (entry !== undefined) entry.body = '';
  const value = { mid: entry?.mid ?? act.mid ?? '', is_deleted: true };
  return { field: 'messages', member: 'message', value, opensWindow: false };
}

function drawMarketing(person: Person, act: Act): Drawn {
  const known = person.marketingToken !== undefined;
  person.marketingToken ??= newNumericId() + newNumericId();
  const value: Json = {
    type: 'notification_messages',
    payload: act.payload ?? '',
    notification_messages_token: person.marketingToken,
    notification_messages_timezone: 'UTC',
    user_token_status: known && act.kind === 'marketing_optin' ? 'REFRESHED' : 'NOT_REFRESHED',
    title: act.title ?? act.text ?? 'Offers',
  };
  if (act.kind === 'marketing_stop') value['notification_messages_status'] = act.status ?? 'STOP_NOTIFICATIONS';
  if (act.kind === 'marketing_resume') value['notification_messages_status'] = act.status ?? 'RESUME_NOTIFICATIONS';
  return { field: 'messaging_optins', member: 'optin', value, opensWindow: false };
}

function ownEntry(person: Person, mid: string | undefined): Person['thread'][number] | undefined {
  return person.thread.findLast((entry) => !entry.fromPage && (mid === undefined || entry.mid === mid));
}

const referral = (act: Act): Json => ({ ref: act.ref ?? '', source: 'SHORTLINK', type: 'OPEN_THREAD' });

const adReferral = (act: Act): Json => ({
  ref: act.ref ?? '',
  ad_id: '6045246247433',
  source: 'ADS',
  type: 'OPEN_THREAD',
  ads_context_data: { ad_title: 'Sandbox ad', post_id: '1' },
});

const stickerOf = (act: Act): Json => ({
  type: 'sticker',
  payload: { url: act.url ?? 'https://scontent.invalid/sticker.png', sticker_id: 369239263222822 },
});

const imageUrl = (act: Act, atMs: number): string => act.url ?? `https://scontent.invalid/${atMs}.jpg`;

function drawLinking(act: Act): Drawn {
  const unlinked = act.status === 'unlinked';
  const value = unlinked
    ? { status: 'unlinked' }
    : { status: 'linked', authorization_code: act.payload ?? randomBytes(12).toString('hex') };
  return { field: 'messaging_account_linking', member: 'account_linking', value, opensWindow: false };
}
