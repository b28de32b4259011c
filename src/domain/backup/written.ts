import { createHash } from 'node:crypto';
import type { AccountOwner, ApiKey } from '../accounts';
import type { BroadcastView } from '../broadcasts';
import type { PageDetail } from '../pages';
import type { ArchiveFile } from './backup.types';

export const FORMAT = 'assent-backup/v1';

const iso = (at: Date | null): string | null => at?.toISOString() ?? null;

export interface WrittenSettings {
  readonly owner: AccountOwner;
  readonly pages: readonly PageDetail[];
  readonly apiKeys: readonly ApiKey[];
}

/** `settings.json`: no token, no secret. */
export const settingsOf = ({ owner, pages, apiKeys }: WrittenSettings) => ({
  account: { id: owner.uuid, name: owner.name, email: owner.email },
  pages: pages.map((page) => ({
    id: page.uuid,
    page_id: page.metaPageId,
    name: page.name,
    state: page.state,
    opt_in_mode: page.optInMode,
    basis: page.basis,
    addresses_eea: page.addressesEea,
    rate_per_second: page.ratePerSecond,
    time_zone: page.timeZone,
    quiet_hours: page.quietHours,
    notice: {
      version: page.noticeVersion,
      texts: Object.fromEntries(page.notices.map(({ language, body }) => [language, body])),
    },
    created_at: iso(page.createdAt),
  })),
  api_keys: apiKeys.map((key) => ({
    id: key.uuid,
    prefix: key.prefix,
    scopes: key.scopes,
    created_at: iso(key.createdAt),
    expires_at: iso(key.expiresAt),
    revoked_at: iso(key.revokedAt),
  })),
});

/** One line of `content/broadcasts/`. */
export const broadcastOf = (broadcast: BroadcastView) => ({
  id: broadcast.uuid,
  name: broadcast.name,
  purpose: broadcast.purpose,
  status: broadcast.status,
  page_ids: broadcast.pages.map(({ metaPageId }) => metaPageId),
  message: broadcast.message,
  audience: audienceOf(broadcast.audience),
  schedule: broadcast.scheduledAt === null ? null : { at: iso(broadcast.scheduledAt) },
  rate_per_second: broadcast.ratePerSecond,
  start_delay_seconds: broadcast.startDelaySeconds,
  launched_at: iso(broadcast.launchedAt),
  completed_at: iso(broadcast.completedAt),
  cancelled_at: iso(broadcast.cancelledAt),
  created_at: iso(broadcast.createdAt),
  stats: broadcast.stats,
});

/** What is not given stays away: `JSON.stringify` leaves it out. */
const audienceOf = (audience: BroadcastView['audience']) => ({
  tags_any: audience.tagsAny,
  tags_all: audience.tagsAll,
  tags_none: audience.tagsNone,
  refs_any: audience.refsAny,
  lead_ids: audience.leadIds ?? undefined,
  opted_in_after: audience.optedInAfter?.toISOString(),
  last_inbound_after: audience.lastInboundAfter?.toISOString(),
  window: audience.window,
  locales: audience.locales,
  not_in_broadcast: audience.notInBroadcast,
});

export interface Counts {
  pages: number;
  tags: number;
  broadcasts: number;
  leads: number;
  /** Whose line would be longer than a reader holds in memory. */
  too_large: number;
}

export interface FileFacts {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export const factsOf = ({ path, bytes }: ArchiveFile): FileFacts => ({
  path,
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

export interface WrittenManifest {
  readonly log: string;
  readonly account: string;
  readonly madeAt: Date;
  readonly counts: Counts;
  /** Up to when proofs are in the archive; null when nothing was signed yet. */
  readonly proofsTo: Date | null;
  readonly files: readonly FileFacts[];
}

/** `manifest.json`, the last file: it names all others. */
export const manifestOf = ({ log, account, madeAt, counts, proofsTo, files }: WrittenManifest) => ({
  format: FORMAT,
  log,
  account,
  made_at: iso(madeAt),
  counts,
  proofs_to: iso(proofsTo),
  files,
});

/** What lies on top of every archive. */
export const readmeText = (
  log: string,
): string => `This is the archive of one account of Assent, a program that sends bulk messages on Messenger.
It needs no Assent to be read. docs/backup.md of Assent says every byte of it.

It was encrypted with a passphrase in the age format (https://age-encryption.org/v1):

  age -d backup.age | tar -x

settings.json        the account, its Pages without their tokens, its API keys without their secrets
content/tags/        one tag a line
content/broadcasts/  one broadcast a line, with message, audience and numbers
leads/               everything that is kept about one person a line: personal data, treat it so
proofs/              the proofs of every person's consent, one stream in pieces
manifest.json        the SHA-256 of every other file

To check the proofs against the log, put the pieces together and ask the verifier, with a key you got elsewhere:

  cat proofs/*.ndjson > proofs.ndjson
  node assent-verify.mjs --key log.vkey proofs.ndjson

The log is ${log}.
Of people who were erased before it was made there is nothing in it. Somebody who is erased later must be deleted
from every copy of this archive: Assent cannot reach yours.
`;
