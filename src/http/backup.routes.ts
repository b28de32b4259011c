import { z } from 'zod';
import {
  LEAST_PASSPHRASE_CHARACTERS,
  type BackupView,
  type makeDownloadBackup,
  type makeGetBackup,
  type makeListBackups,
  type makeRequestBackup,
} from '../domain/backup';
import { privateRoute, type Route } from './route';
import { isoOrNull, listOf, listReply, timestamp, uuid } from './schemas';

export interface BackupApi {
  readonly request: ReturnType<typeof makeRequestBackup>;
  readonly list: ReturnType<typeof makeListBackups>;
  readonly get: ReturnType<typeof makeGetBackup>;
  readonly download: ReturnType<typeof makeDownloadBackup>;
}

const AT = '2026-11-23T10:11:12.403Z';
const tag = 'account';
const scope = 'account:admin';
const AGE = 'application/octet-stream';

const backupSchema = z
  .object({
    id: uuid,
    state: z.enum(['waiting', 'making', 'ready', 'replaced', 'withdrawn', 'expired', 'failed']).meta({
      description:
        '`replaced` by a newer one; `withdrawn` because somebody in it was erased; `failed`: it was not made within a day. Ask for a new one then',
    }),
    requested_at: timestamp,
    leads: z.object({ done: z.int(), total: z.int() }).meta({ description: 'People whose data was written' }),
    bytes: z.int(),
    sha256: z.string().nullable().meta({ description: 'Of the file, once it is ready' }),
    completed_at: timestamp.nullable(),
    expires_at: timestamp.meta({ description: 'Then the file is deleted' }),
    downloaded_at: timestamp.nullable(),
  })
  .meta({
    id: 'Backup',
    example: {
      id: '0f6f3c0e-7f51-4a10-9d6e-8f0f5a1f9a12',
      state: 'making',
      requested_at: AT,
      leads: { done: 350, total: 1200 },
      bytes: 8388608,
      sha256: null,
      completed_at: null,
      expires_at: AT,
      downloaded_at: null,
    },
  });

const present = (backup: BackupView): z.infer<typeof backupSchema> => ({
  id: backup.uuid,
  state: backup.state,
  requested_at: backup.requestedAt.toISOString(),
  leads: { done: backup.leadsDone, total: backup.leadsTotal },
  bytes: backup.bytes,
  sha256: backup.sha256?.toString('hex') ?? null,
  completed_at: isoOrNull(backup.completedAt),
  expires_at: backup.expiresAt.toISOString(),
  downloaded_at: isoOrNull(backup.downloadedAt),
});

/** One archive of everything, to take along: docs/backup.md says what is in it. */
export const backupRoutes = (api: BackupApi): Route[] => [requestRoute(api), ...readRoutes(api)];

const requestRoute = (api: BackupApi): Route =>
  privateRoute({
    method: 'post',
    path: '/v1/account/backup',
    tag,
    scope,
    summary: 'Asks for an archive of the account',
    description:
      'Settings, content, people and proofs in one file that `age -d` opens with the passphrase. It is made in the background and kept for a day. The passphrase is kept nowhere: nobody can open the file without it. Takes the place of an earlier archive',
    isBodySecret: true,
    body: z
      .strictObject({
        passphrase: z.string().meta({
          description: `At least ${String(LEAST_PASSPHRASE_CHARACTERS)} characters; better six random words`,
        }),
      })
      .meta({ id: 'AskBackup' }),
    bodyExample: { passphrase: 'six words that nobody would guess' },
    replies: { 202: { description: 'It waits to be made', schema: backupSchema } },
    handle: async ({ principal: { accountId }, body: { passphrase }, newId }) => ({
      status: 202,
      body: present(await api.request({ accountId, passphrase, uuid: newId })),
    }),
    replay: async ({ principal: { accountId } }, id) => ({
      status: 202,
      body: present(await api.get(accountId, id)),
    }),
  });

const readRoutes = (api: BackupApi): Route[] => [
  privateRoute({
    method: 'get',
    path: '/v1/account/backups',
    tag,
    scope,
    summary: 'Archives that were asked for in the last 30 days, newest first',
    replies: { 200: { description: 'At most 100', schema: listOf(backupSchema) } },
    handle: async ({ principal }) => listReply((await api.list(principal.accountId)).map(present), null),
  }),
  privateRoute({
    method: 'get',
    path: '/v1/account/backups/{id}',
    tag,
    scope,
    summary: 'How far an archive is',
    params: z.object({ id: uuid }),
    problems: [404],
    replies: { 200: { description: 'The archive', schema: backupSchema } },
    handle: async ({ principal, params: { id } }) => ({
      status: 200,
      body: present(await api.get(principal.accountId, id)),
    }),
  }),
  privateRoute({
    method: 'get',
    path: '/v1/account/backups/{id}/archive',
    tag,
    scope,
    summary: 'The archive itself',
    description: 'A stream of any length. One that ends early breaks the connection',
    params: z.object({ id: uuid }),
    problems: [404, 409, 410],
    replies: {
      200: { description: 'An age file', schema: z.string(), contentType: AGE, example: 'age-encryption.org/v1…' },
    },
    handle: async ({ principal, params: { id } }) => {
      const { bytes, stream } = await api.download(principal.accountId, id);
      return {
        status: 200,
        contentType: AGE,
        headers: {
          'Content-Disposition': `attachment; filename="assent-backup-${id}.age"`,
          'Content-Length': String(bytes),
        },
        stream,
      };
    },
  }),
];
