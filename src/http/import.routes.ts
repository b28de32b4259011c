import { z } from 'zod';
import type { ImportedBackup, ImportProgress, makeGetImport, makeImportBackup, PeopleCounts } from '../domain/backup';
import { REFUSALS } from '../domain/returns';
import { HttpError } from './http.errors';
import { privateRoute, type Route } from './route';
import { timestamp, uuid } from './schemas';

export interface ImportApi {
  readonly importBackup: ReturnType<typeof makeImportBackup>;
  readonly getImport: ReturnType<typeof makeGetImport>;
}

const REFUSED = [...REFUSALS, 'no_proof'] as const;
const PASSPHRASE = 'Backup-Passphrase';
const BASE64 = /^[A-Za-z0-9+/]{1,6000}={0,2}$/;

const peopleSchema = z.object({
  in_archive: z.int(),
  restored: z.int().meta({
    description: 'Who are subscribers again by their own earlier consent. Nothing is sent to them before they write',
  }),
  already: z.int().meta({ description: 'Who are here, by an earlier import or because they never left' }),
  refused: z.partialRecord(z.enum(REFUSED), z.int()).meta({
    description:
      'How many do not come back, by reason. `page_not_connected` and `page_elsewhere` may end: import again then. docs/backup.md explains each',
  }),
});

const progressSchema = z
  .object({
    state: z.enum(['running', 'done', 'failed']).meta({
      description: '`failed`, or `running` without moving on for minutes: import the archive again, it goes on',
    }),
    started_at: timestamp,
    updated_at: timestamp,
    leads: peopleSchema,
  })
  .meta({
    id: 'ImportProgress',
    example: {
      state: 'running',
      started_at: '2026-11-23T10:11:12.403Z',
      updated_at: '2026-11-23T10:11:14.100Z',
      leads: { in_archive: 1200, restored: 350, already: 0, refused: { unsubscribed: 12 } },
    },
  });

const importedSchema = z
  .object({
    archive: z.object({ account: uuid, log: z.string(), made_at: timestamp }),
    pages: z
      .object({ changed: z.int(), unchanged: z.int(), not_connected: z.int(), refused: z.int() })
      .meta({ description: 'Settings of Pages. Connect a Page and import again to bring its own back' }),
    tags: z.object({ added: z.int() }),
    broadcasts: z.object({
      added: z.int(),
      already: z.int(),
      without_audience: z.int().meta({
        description:
          'Of those that were added: people whom they named have other ids now, so they are for nobody until an audience is chosen',
      }),
      refused: z.int(),
    }),
    refused_broadcasts: z
      .array(z.object({ id: uuid, reason: z.enum(['page_not_connected', 'invalid']) }))
      .meta({ description: 'At most 100' }),
    leads: peopleSchema,
  })
  .meta({
    id: 'ImportedBackup',
    example: {
      archive: {
        account: '0f6f3c0e-7f51-4a10-9d6e-8f0f5a1f9a10',
        log: 'assent.example/consent/0011aabbccdd',
        made_at: '2026-11-23T10:11:12.403Z',
      },
      pages: { changed: 1, unchanged: 0, not_connected: 0, refused: 0 },
      tags: { added: 12 },
      broadcasts: { added: 14, already: 0, without_audience: 1, refused: 0 },
      refused_broadcasts: [],
      leads: { in_archive: 1200, restored: 1150, already: 0, refused: { unsubscribed: 41, went_on: 9 } },
    },
  });

const presentPeople = (inArchive: number, { returned, already, refused }: PeopleCounts) => ({
  in_archive: inArchive,
  restored: returned,
  already,
  refused: { ...refused },
});

const presentProgress = (progress: ImportProgress): z.infer<typeof progressSchema> => ({
  state: progress.state,
  started_at: progress.startedAt.toISOString(),
  updated_at: progress.updatedAt.toISOString(),
  leads: presentPeople(progress.inArchive, progress.counts),
});

const present = (imported: ImportedBackup): z.infer<typeof importedSchema> => ({
  archive: { account: imported.account, log: imported.log, made_at: imported.madeAt },
  pages: {
    changed: imported.pages.changed,
    unchanged: imported.pages.unchanged,
    not_connected: imported.pages.notConnected,
    refused: imported.pages.refused,
  },
  tags: { ...imported.tags },
  broadcasts: {
    added: imported.broadcasts.added,
    already: imported.broadcasts.already,
    without_audience: imported.broadcasts.withoutAudience,
    refused: imported.broadcasts.refused,
  },
  refused_broadcasts: imported.refusedBroadcasts.map((one) => ({ ...one })),
  leads: presentPeople(imported.leads.inArchive, imported.leads),
});

/** In a header because the body is the archive; base64 because a header takes no other letters. */
function passphraseOf(header: string | undefined): string {
  if (header === undefined || !BASE64.test(header))
    throw new HttpError('validation_failed', 'the request has fields that are missing, unknown or out of range', [
      { pointer: PASSPHRASE, detail: 'must be a header with the base64 of the passphrase in UTF-8' },
    ]);
  return Buffer.from(header, 'base64').toString('utf8');
}

/** What an archive holds of settings and content comes back, and people whose proofs this log vouches for. */
export const importRoutes = (api: ImportApi): Route[] => [
  privateRoute({
    method: 'post',
    path: '/v1/account/backup/import',
    tag: 'account',
    scope: 'account:admin',
    summary: 'Brings an archive back: settings, content as drafts, and people who may come back',
    description:
      'The body is the archive as it was downloaded, of this account or of one that was deleted. Nothing changes unless all of it is whole. The same archive again has no further effect, so an Idempotency-Key is not needed, and one that was cut off goes on when it is repeated. People come back only into another account than theirs, which is deleted, by consent that this log still vouches for as the last they said',
    upload: 'application/octet-stream',
    headers: z.object({
      [PASSPHRASE]: z.string().meta({ description: 'base64 of the passphrase in UTF-8' }),
    }),
    replies: { 200: { description: 'What came back', schema: importedSchema } },
    problems: [422],
    replay: 'again',
    handle: async ({ principal: { accountId, accountUuid }, header, upload }) => ({
      status: 200,
      body: present(
        await api.importBackup({ accountId, accountUuid, passphrase: passphraseOf(header(PASSPHRASE)), upload }),
      ),
    }),
  }),
  privateRoute({
    method: 'get',
    path: '/v1/account/backup/import',
    tag: 'account',
    scope: 'account:admin',
    summary: 'How far the newest import is with the people of its archive',
    problems: [404],
    replies: { 200: { description: 'Counts, and nobody', schema: progressSchema } },
    handle: async ({ principal: { accountId } }) => ({
      status: 200,
      body: presentProgress(await api.getImport(accountId)),
    }),
  }),
];
