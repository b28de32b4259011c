import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { UserError } from '../src/kernel/errors';
import {
  base64Keys,
  certificatesOf,
  holdsLogin,
  isCertificate,
  isWitnessKey,
  keysOf,
  witnessesOf,
  witnessOf,
  type WitnessSetting,
} from './env-values';

/** An empty variable means "not set": compose files write `${X:-}`, and `Number('')` is 0. */
const optional = <T extends z.ZodType>(schema: T) => z.preprocess((v) => (v === '' ? undefined : v), schema.optional());
const wholeNumber = (fallback: number, min: number, max: number) =>
  z.preprocess((v) => (v === '' ? undefined : v), z.coerce.number().int().min(min).max(max).default(fallback));
const withDefault = (fallback: string) => z.preprocess((v) => (v === '' ? undefined : v), z.string().default(fallback));

/** On only by the word. */
const flag = z.preprocess((v) => (v === '' ? undefined : v), z.enum(['true', 'false']).default('false'));

const queueName = z.enum(['inbox', 'send', 'control']);

/** Every variable the program reads, with its default; the README's table is made from this. */
export const envSchema = z.object({
  NODE_ENV: z
    .preprocess((v) => (v === '' ? undefined : v), z.enum(['development', 'test', 'production']).default('development'))
    .describe('`production` makes every secret mandatory and turns the sandbox off'),
  HTTP_PORT: wholeNumber(3000, 0, 65_535).describe('port of the API; 0 picks a free one'),
  HTTP_HOST: withDefault('127.0.0.1').describe('address the API listens on; the sandbox needs a loopback address'),
  PUBLIC_URL: optional(z.url({ protocol: /^https?$/ })).describe(
    'address under which people and Meta reach this installation; https unless it is loopback',
  ),
  DATA_DIR: withDefault('./data').describe(
    'embedded database, key ring, generated secrets, logs, and archives of accounts (`exports`)',
  ),
  KEYRING_DIR: optional(z.string()).describe(
    'key ring, shared by all processes; default `DATA_DIR/keys`. Never back it up together with the database',
  ),
  DATABASE_URL: optional(z.url({ protocol: /^postgres(ql)?$/ })).describe(
    'PostgreSQL 15 or newer; without it the embedded server is used',
  ),
  REDIS_URL: optional(z.url({ protocol: /^rediss?$/ })).describe(
    'Redis for the queue; without it the queue lives in PostgreSQL',
  ),
  META_APP_ID: optional(z.string().regex(/^\d{1,32}$/, 'must be the numeric id of the Meta app')).describe(
    'id of the Meta app',
  ),
  META_APP_SECRET: optional(
    z
      .string()
      .refine(
        (text) => text.split(',').every((secret) => secret.trim().length >= 16),
        'each secret must have at least 16 characters',
      ),
  ).describe(
    'app secret, comma-separated while rotating (the first signs our calls); without it the sandbox plays Messenger',
  ),
  META_VERIFY_TOKEN: optional(z.string().min(8, 'must have at least 8 characters')).describe(
    'token of the webhook verification handshake',
  ),
  META_GRAPH_URL: optional(z.url({ protocol: /^https?$/ })).describe(
    'Graph API; default https://graph.facebook.com, plain http only on loopback',
  ),
  META_GRAPH_VERSION: z
    .preprocess(
      (v) => (v === '' ? undefined : v),
      z
        .string()
        .regex(/^v\d{1,3}\.\d$/, 'must look like v25.0')
        .default('v25.0'),
    )
    .describe('Graph API version'),
  KEYRING_COPY_DIR: optional(z.string()).describe(
    'second copy of the key ring, on another machine; kept in step, and no erasure is certified before it is',
  ),
  MASTER_KEY: optional(base64Keys).describe(
    '32 bytes in base64 that seal the key ring; losing it is losing everything. While it is being replaced several, divided by commas: the first seals',
  ),
  SMTP_URL: optional(z.url({ protocol: /^smtps?$/ })).describe(
    'mail server, `smtp://user:password@host:587` or `smtps://`; without it mails are kept and read at `GET /v1/mail`',
  ),
  MAIL_FROM: optional(z.string()).describe('sender of mails'),
  LEDGER_PUBLIC: flag.describe(
    '`true`: checkpoint, key and tiles of the log are served without an API key. They name nobody and show how much is sent',
  ),
  RFC3161_URL: optional(z.url({ protocol: /^https?$/ })).describe(
    'time-stamping authority outside this installation (RFC 3161, http or https), asked every 10 minutes about the newest checkpoint',
  ),
  RFC3161_CA_FILE: optional(z.string()).describe(
    "PEM file of the certificates one of which must have issued that authority's; without it any certificate will do",
  ),
  WITNESSES: optional(
    z
      .string()
      .refine(
        (text) => text.split(',').every((one) => witnessOf(one) !== null),
        'must be <vkey>=<url>, comma-separated',
      ),
  ).describe(
    'witnesses that cosign the log, as `<vkey>=<url>`, comma-separated, https unless it is loopback; `tools/assent-witness.mjs` is one',
  ),
  RECIPIENTS_ON_LOOPBACK: flag.describe(
    '`true`: recipients of erasures may lie on this machine, over plain http too. For trying it out; refused in production',
  ),
  WORKER_QUEUES: z
    .preprocess(
      (v) => (v === '' || v === undefined ? 'inbox,send,control' : v),
      z
        .string()
        .transform((text) => text.split(',').map((part) => part.trim()))
        .pipe(z.array(queueName).min(1)),
    )
    .describe('queues a worker process serves: inbox, send, control'),
  LOG_LEVEL: z
    .preprocess((v) => (v === '' ? undefined : v), z.enum(['error', 'warn', 'info', 'debug']).default('info'))
    .describe('least important level that is written'),
});

/** Variables that may be read from a file named by `<NAME>_FILE`. */
export const SECRET_VARIABLES = [
  'DATABASE_URL',
  'REDIS_URL',
  'META_APP_SECRET',
  'META_VERIFY_TOKEN',
  'MASTER_KEY',
  'SMTP_URL',
] as const;

const REQUIRED_IN_PRODUCTION = [
  'DATABASE_URL',
  'PUBLIC_URL',
  'META_APP_ID',
  'META_APP_SECRET',
  'META_VERIFY_TOKEN',
  'MASTER_KEY',
] as const;

export type QueueName = z.infer<typeof queueName>;
type Env = z.infer<typeof envSchema>;
type Problem = readonly [name: string, reason: string];

export interface Config {
  readonly production: boolean;
  readonly http: { readonly port: number; readonly host: string; readonly publicUrl: string | null };
  readonly dataDir: string;
  readonly keyRingDir: string;
  readonly keyRingCopyDir: string | null;
  readonly databaseUrl: string | null;
  readonly redisUrl: string | null;
  readonly meta: {
    readonly appId: string | null;
    /** null: the sandbox plays Messenger. */
    readonly appSecrets: readonly string[] | null;
    readonly verifyToken: string | null;
    readonly graphUrl: string | null;
    readonly graphVersion: string;
  };
  /** The first seals, all open; null where they are generated. */
  readonly masterKeys: readonly [Buffer, ...Buffer[]] | null;
  readonly mail: { readonly url: string | null; readonly from: string | null };
  readonly ledger: {
    /** Checkpoint, key and tiles need no API key. */
    readonly isPublic: boolean;
  };
  readonly anchors: {
    readonly rfc3161: {
      readonly url: string;
      /** PEM; empty: any will do. */ readonly authorities: readonly string[];
    } | null;
    readonly witnesses: readonly WitnessSetting[];
  };
  /** Whether recipients of people's data may be addresses of this machine. */
  readonly recipientsOnLoopback: boolean;
  readonly workerQueues: readonly QueueName[];
  readonly logLevel: Env['LOG_LEVEL'];
}

type RawEnv = Readonly<Record<string, string | undefined>>;

const isLoopback = (url: string): boolean =>
  URL.canParse(url) && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname);

/**
 * Reads the whole environment once.
 *
 * @throws {UserError} `configuration_invalid`, naming every bad variable and the reason, never a value: values are secrets
 */
export function loadConfig(env: RawEnv): Config {
  const problems: Problem[] = [];
  const parsed = envSchema.safeParse(readSecretFiles(env, problems));
  for (const issue of parsed.success ? [] : parsed.error.issues) {
    problems.push([issue.path.join('.'), issue.message]);
  }
  if (parsed.success) problems.push(...crossChecks(parsed.data));
  if (!parsed.success || problems.length > 0) {
    const lines = problems.map(([name, reason]) => `  ${name}: ${reason}`);
    throw new UserError('configuration_invalid', `invalid configuration\n${lines.join('\n')}`);
  }
  return toConfig(parsed.data);
}

function readSecretFiles(env: RawEnv, problems: Problem[]): Record<string, string | undefined> {
  const merged: Record<string, string | undefined> = { ...env };
  for (const name of SECRET_VARIABLES) {
    const file = env[`${name}_FILE`];
    if (file === undefined || file === '') continue;
    if (env[name] !== undefined && env[name] !== '') {
      problems.push([name, `set ${name} or ${name}_FILE, not both`]);
      continue;
    }
    try {
      merged[name] = readFileSync(file, 'utf8').trim();
    } catch {
      problems.push([`${name}_FILE`, 'the file cannot be read']);
    }
  }
  return merged;
}

function crossChecks(env: Env): Problem[] {
  return [
    ...missingSecrets(env),
    ...plainHttp(env),
    ...exposedSandbox(env),
    ...badAnchors(env),
    ...loopbackRecipients(env),
  ];
}

function missingSecrets(env: Env): Problem[] {
  if (env.NODE_ENV === 'production') {
    return REQUIRED_IN_PRODUCTION.filter((name) => env[name] === undefined).map((name) => [
      name,
      'is required in production',
    ]);
  }
  if (env.META_APP_SECRET === undefined || env.META_VERIFY_TOKEN !== undefined) return [];
  return [['META_VERIFY_TOKEN', 'is required with META_APP_SECRET']];
}

function plainHttp(env: Env): Problem[] {
  // Not RFC3161_URL: many authorities answer on plain http only, are told a hash and nothing else, and sign what they say.
  const names = ['PUBLIC_URL', 'META_GRAPH_URL'] as const;
  const isOpen = (url: string | undefined): boolean => url?.startsWith('http:') === true && !isLoopback(url);
  const bad: string[] = names.filter((name) => isOpen(env[name]));
  if (witnessesOf(env.WITNESSES).some(({ url }) => isOpen(url))) bad.push('WITNESSES');
  return bad.map((name) => [name, 'must be https unless it is a loopback address']);
}

function badAnchors(env: Env): Problem[] {
  const witnesses = witnessesOf(env.WITNESSES);
  const problems = badAuthorities(env.RFC3161_CA_FILE);
  const names = new Set(witnesses.map(({ vkey }) => vkey.split('+')[0]));
  if (names.size < witnesses.length) problems.push(['WITNESSES', 'two witnesses have the same name']);
  if (!witnesses.every(({ vkey }) => isWitnessKey(vkey)))
    problems.push(['WITNESSES', 'a key is not that of a witness (type 0x04)']);
  const reason = 'must hold no user name or password';
  if (env.RFC3161_URL !== undefined && holdsLogin(env.RFC3161_URL)) problems.push(['RFC3161_URL', reason]);
  if (witnesses.some(({ url }) => holdsLogin(url))) problems.push(['WITNESSES', reason]);
  return problems;
}

/** Whoever may register a recipient would reach what listens on this machine alone. */
const loopbackRecipients = (env: Env): Problem[] =>
  env.NODE_ENV === 'production' && env.RECIPIENTS_ON_LOOPBACK === 'true'
    ? [['RECIPIENTS_ON_LOOPBACK', 'is not for production']]
    : [];

function badAuthorities(file: string | undefined): Problem[] {
  if (file === undefined) return [];
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [['RFC3161_CA_FILE', 'the file cannot be read']];
  }
  const certificates = certificatesOf(text);
  if (certificates.length === 0) return [['RFC3161_CA_FILE', 'holds no certificate']];
  return certificates.every(isCertificate) ? [] : [['RFC3161_CA_FILE', 'holds a certificate that cannot be read']];
}

/** The sandbox shows Page tokens and lets anybody act as any person: it must not be reachable from outside. */
function exposedSandbox(env: Env): Problem[] {
  if (env.META_APP_SECRET !== undefined || env.NODE_ENV === 'production') return [];
  const reason = 'while the sandbox plays Messenger (META_APP_SECRET is not set)';
  const problems: Problem[] = [];
  const host = env.HTTP_HOST.includes(':') ? `[${env.HTTP_HOST.replace(/^\[|\]$/g, '')}]` : env.HTTP_HOST;
  if (!isLoopback(`http://${host}`)) problems.push(['HTTP_HOST', `must be a loopback address ${reason}`]);
  if (env.PUBLIC_URL !== undefined && !isLoopback(env.PUBLIC_URL))
    problems.push(['PUBLIC_URL', `must be a loopback address ${reason}`]);
  return problems;
}

function toConfig(env: Env): Config {
  const dataDir = path.resolve(env.DATA_DIR);
  return Object.freeze({
    production: env.NODE_ENV === 'production',
    http: { port: env.HTTP_PORT, host: env.HTTP_HOST, publicUrl: withoutSlash(env.PUBLIC_URL) },
    dataDir,
    keyRingDir: env.KEYRING_DIR === undefined ? path.join(dataDir, 'keys') : path.resolve(env.KEYRING_DIR),
    keyRingCopyDir: env.KEYRING_COPY_DIR === undefined ? null : path.resolve(env.KEYRING_COPY_DIR),
    databaseUrl: env.DATABASE_URL ?? null,
    redisUrl: env.REDIS_URL ?? null,
    meta: metaConfig(env),
    masterKeys: env.MASTER_KEY === undefined ? null : (keysOf(env.MASTER_KEY) as [Buffer, ...Buffer[]]),
    mail: { url: env.SMTP_URL ?? null, from: env.MAIL_FROM ?? null },
    ledger: { isPublic: env.LEDGER_PUBLIC === 'true' },
    anchors: anchorsConfig(env),
    recipientsOnLoopback: env.RECIPIENTS_ON_LOOPBACK === 'true',
    workerQueues: env.WORKER_QUEUES,
    logLevel: env.LOG_LEVEL,
  });
}

const withoutSlash = (url: string | undefined): string | null => url?.replace(/\/+$/, '') ?? null;

function anchorsConfig(env: Env): Config['anchors'] {
  const url = env.RFC3161_URL;
  const file = env.RFC3161_CA_FILE;
  const authorities = file === undefined ? [] : certificatesOf(readFileSync(file, 'utf8'));
  return { rfc3161: url === undefined ? null : { url, authorities }, witnesses: witnessesOf(env.WITNESSES) };
}

function metaConfig(env: Env): Config['meta'] {
  return {
    appId: env.META_APP_ID ?? null,
    appSecrets: env.META_APP_SECRET?.split(',').map((secret) => secret.trim()) ?? null,
    verifyToken: env.META_VERIFY_TOKEN ?? null,
    graphUrl: withoutSlash(env.META_GRAPH_URL),
    graphVersion: env.META_GRAPH_VERSION,
  };
}
