import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const FOLDER = path.join(__dirname, '../fixtures/webhooks');
/** The Page of the fixtures. */
const PAGE = '1072877829517101';
/** These are about a Page, and would end its messages. */
const OF_PAGES = /^(policy-enforcement|business-integrity)/;
/** Words of Meta's own that say what an event is, and numbers of apps, ads and Pages. What is not here somebody fills. */
const OF_META = new Set(
  (
    'object field type source status action event item verb feature reaction user_token_status notification_messages_status ' +
    'notification_messages_frequency notification_messages_timezone timezone timestamp app_id page_id business_id ad_id ' +
    'previous_owner_app_id new_owner_app_id requested_owner_app_id post_id'
  ).split(' '),
);
const TIMES = new Set(['timestamp', 'time', 'watermark', 'created_time']);
const TOKENS = new Set(['notification_messages_token', 'messenger_subscription_token']);
/** Where somebody is. */
const PLACES = new Set(['lat', 'long']);
const IDS = new Set(['sender', 'recipient', 'from']);

export interface Whom {
  readonly pageId: string;
  readonly psid: string;
  /** Begins every value that is theirs. */
  readonly mark: string;
}

/** Bodies of every shape that Meta is known to send, with something of this person's in every field that somebody fills. */
export interface FilledWebhooks {
  readonly bodies: readonly string[];
  readonly values: readonly string[];
}

export function filledWebhooks(whom: Whom, nowMs: number): FilledWebhooks {
  const values: string[] = [];
  const fill = (): string => {
    values.push(`${whom.mark}-${String(values.length)}-łódź`);
    return values.at(-1)!;
  };
  const fillNumber = (): number => {
    values.push(`5${String(values.length % 10)}.${String(randomInt(10 ** 8, 10 ** 9))}1`);
    return Number(values.at(-1));
  };
  const bodies = readdirSync(FOLDER)
    .filter((file) => !OF_PAGES.test(file))
    .flatMap((file) => {
      const { body } = JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as { body?: object };
      return body === undefined ? [] : [asMeta(JSON.stringify(filled(body, '', { ...whom, nowMs, fill, fillNumber })))];
    });
  return { bodies, values };
}

/** Meta escapes every character beyond ASCII. */
const asMeta = (json: string): string =>
  json.replace(/[\u0080-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);

interface Filling extends Whom {
  readonly nowMs: number;
  fill(): string;
  fillNumber(): number;
}

function filled(value: unknown, key: string, filling: Filling): unknown {
  if (Array.isArray(value)) return value.map((one) => filled(one, key, filling));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [
        name,
        filled(one, name === 'id' && IDS.has(key) ? 'person' : name, filling),
      ]),
    );
  }
  if (TIMES.has(key)) return filling.nowMs;
  if (PLACES.has(key)) return filling.fillNumber();
  if ((typeof value !== 'string' && !TOKENS.has(key)) || OF_META.has(key)) return value;
  if (value === PAGE) return filling.pageId;
  if (key === 'person' || key === 'recipient_id') return filling.psid;
  // Other Pages, and the list of Pages in an entry.
  return key === 'id' && /^\d+$/.test(String(value)) ? value : filling.fill();
}
