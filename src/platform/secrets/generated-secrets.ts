import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { UserError } from '../../kernel/errors';

const key = z.base64().refine((text) => Buffer.from(text, 'base64').length === 32);
const fileSchema = z.strictObject({
  master_key: key,
  verify_token: z.string().min(16),
  sandbox_app_secret: z.string().min(32),
  sandbox_seed: key,
  sandbox_state_key: key,
});

/** What an installation without configuration makes for itself, once. */
export interface GeneratedSecrets {
  readonly masterKey: Buffer;
  readonly verifyToken: string;
  readonly sandboxAppSecret: string;
  readonly sandboxSeed: Buffer;
  readonly sandboxStateKey: Buffer;
}

/**
 * Reads `<dataDir>/secrets.json`, or makes it (mode 0600) in a directory that is there. Two processes that start at once agree: the first file wins.
 *
 * @throws {UserError} `secrets_unreadable` when the file is damaged; it is never replaced, because the key ring hangs on it
 */
export function generatedSecrets(dataDir: string): GeneratedSecrets {
  const file = path.join(dataDir, 'secrets.json');
  const text = readIfPresent(file) ?? create(file);
  return parse(text, file);
}

function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UserError('secrets_unreadable', `${file} cannot be read`, [], { cause: error });
  }
}

function create(file: string): string {
  const fresh: z.infer<typeof fileSchema> = {
    master_key: randomBytes(32).toString('base64'),
    verify_token: randomBytes(24).toString('hex'),
    sandbox_app_secret: randomBytes(16).toString('hex'),
    sandbox_seed: randomBytes(32).toString('base64'),
    sandbox_state_key: randomBytes(32).toString('base64'),
  };
  const temporary = `${file}.${String(process.pid)}`;
  const descriptor = openSync(temporary, 'wx', 0o600);
  writeSync(descriptor, `${JSON.stringify(fresh, null, 2)}\n`);
  fsyncSync(descriptor);
  closeSync(descriptor);
  try {
    linkSync(temporary, file); // fails when another process was first, where a rename would replace its secrets
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(temporary);
  }
  return readFileSync(file, 'utf8');
}

function parse(text: string, file: string): GeneratedSecrets {
  const parsed = fileSchema.safeParse(safeJson(text));
  if (!parsed.success)
    throw new UserError(
      'secrets_unreadable',
      `${file} is damaged; restore it from your copy, the key ring cannot be opened without it`,
    );
  return {
    masterKey: Buffer.from(parsed.data.master_key, 'base64'),
    verifyToken: parsed.data.verify_token,
    sandboxAppSecret: parsed.data.sandbox_app_secret,
    sandboxSeed: Buffer.from(parsed.data.sandbox_seed, 'base64'),
    sandboxStateKey: Buffer.from(parsed.data.sandbox_state_key, 'base64'),
  };
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
