import { z } from 'zod';
import type { ImportedBackup, makeImportBackup } from '../domain/backup';
import { HttpError } from './http.errors';
import { privateRoute, type Route } from './route';
import { timestamp, uuid } from './schemas';

export interface ImportApi {
  readonly importBackup: ReturnType<typeof makeImportBackup>;
}

const PASSPHRASE = 'Backup-Passphrase';
const BASE64 = /^[A-Za-z0-9+/]{1,6000}={0,2}$/;

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
          'Of those that were added: their people do not come back, so they are for nobody until an audience is chosen',
      }),
      refused: z.int(),
    }),
    refused_broadcasts: z
      .array(z.object({ id: uuid, reason: z.enum(['page_not_connected', 'invalid']) }))
      .meta({ description: 'At most 100' }),
    leads: z.object({
      in_archive: z.int(),
      restored: z.int(),
      reason: z.enum(['not_restored']).meta({
        description: '`not_restored`: nobody comes back by an import. Who writes to the Page again is asked again',
      }),
    }),
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
      leads: { in_archive: 1200, restored: 0, reason: 'not_restored' },
    },
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
  leads: { in_archive: imported.leads, restored: 0, reason: 'not_restored' },
});

/** In a header because the body is the archive; base64 because a header takes no other letters. */
function passphraseOf(header: string | undefined): string {
  if (header === undefined || !BASE64.test(header))
    throw new HttpError('validation_failed', 'the request has fields that are missing, unknown or out of range', [
      { pointer: PASSPHRASE, detail: 'must be a header with the base64 of the passphrase in UTF-8' },
    ]);
  return Buffer.from(header, 'base64').toString('utf8');
}

/** What an archive holds of settings and content comes back; people do not. */
export const importRoutes = (api: ImportApi): Route[] => [
  privateRoute({
    method: 'post',
    path: '/v1/account/backup/import',
    tag: 'account',
    scope: 'account:admin',
    summary: 'Brings settings and content of an archive back, as drafts',
    description:
      'The body is the archive as it was downloaded, of this account or of one that was deleted. Nothing changes unless all of it is whole. The same archive again has no further effect, so an Idempotency-Key is not needed. People of the archive do not come back',
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
];
