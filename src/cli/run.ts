import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../config/env';
import { openInfrastructure, type Infrastructure } from '../compose/infrastructure';
import { logOrigin } from '../compose/installation';
import { sandboxPages } from '../compose/sandbox';
import { TOOLS } from '../compose/tools';
import { makeCreateAccount, makeCreateApiKey, makeFindAccount, SCOPES, type CreatedApiKey } from '../domain/accounts';
import { logKeys } from '../domain/ledger';
import { findPageByMetaId } from '../domain/pages';
import { makeAuditLedger, type AuditResult } from '../domain/proof';
import { makePreviewRetention, type RetentionPreview } from '../domain/retention';
import { UserError } from '../kernel/errors';
import { parseCommand, USAGE, type Command } from './commands';
import { examine, type Examination } from './doctor';
import { erase } from './erase';
import { footprint } from './footprint';
import { handleKeys, isKeysCommand } from './keys';
import { restore } from './restore';

export interface Terminal {
  /** One JSON value for whoever called. */
  readonly print: (value: unknown) => void;
  /** A sentence for a person. */
  readonly say: (text: string) => void;
}

/**
 * Runs one command. It opens the same database as a running program, and starts the embedded one when none runs. Only a bundle
 * that is checked against a given key needs none.
 *
 * @throws {UserError} with code `usage` for a wrong call, another code for a command that failed
 */
export async function runCommand(args: readonly string[], readConfig: () => Config, terminal: Terminal): Promise<void> {
  const command = parseCommand(args);
  if (command.kind === 'help') {
    terminal.say(USAGE);
    return;
  }
  if (command.kind === 'verify' && command.keys.length > 0) {
    verifyBundle(command, command.keys);
    return;
  }
  const config = readConfig();
  if (LOOKING.has(command.kind)) requireInstallation(config);
  const role = command.kind === 'restore' ? 'restore' : 'cli';
  const infrastructure = await openInfrastructure(config, {
    role,
    say: terminal.say,
    mayLackQueue: command.kind === 'doctor',
  });
  try {
    if (command.kind === 'verify') verifyBundle(command, await ownKeys(infrastructure));
    else terminal.print(await carryOut(command, infrastructure, terminal));
  } finally {
    await infrastructure.close();
  }
}

/** Commands that must not make the installation that they are about. */
const LOOKING: ReadonlySet<string> = new Set<Command['kind']>([
  'doctor',
  'audit',
  'retention',
  'keys-drill',
  'restore',
  'erase',
  'footprint',
  'verify',
]);

function requireInstallation({ keyRingDir }: Config): void {
  if (existsSync(path.join(keyRingDir, 'system.bin'))) return;
  throw new UserError(
    'no_installation',
    `there is no installation whose keys lie in ${keyRingDir}; look at DATA_DIR and KEYRING_DIR`,
  );
}

/** Those that it had before too: a bundle may be older than the key of now. */
const ownKeys = async (infrastructure: Infrastructure): Promise<string[]> =>
  logKeys(infrastructure.keyRing, await logOrigin(infrastructure)).map(({ vkey }) => vkey);

/** Checks with the program that auditors use; its words and its exit status are ours. */
function verifyBundle({ bundle, trusted }: Extract<Command, { kind: 'verify' }>, keys: readonly string[]): void {
  const given = keys.flatMap((key) => ['--key', key]);
  const args = [path.join(TOOLS, 'assent-verify.mjs'), ...given, ...trusted, bundle];
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  process.exitCode = status ?? 1;
}

async function auditLedger(infrastructure: Infrastructure, { say }: Terminal): Promise<AuditResult> {
  const { config } = infrastructure;
  const witnessVkeys = config.anchors.witnesses.map(({ vkey }) => vkey);
  const audit = makeAuditLedger({ ...infrastructure, logOrigin: await logOrigin(infrastructure), witnessVkeys });
  const result = await audit();
  if (result.ok) say(`The ledger of ${String(result.size)} entries is whole.`);
  else {
    say(`The ledger is NOT whole: ${result.first?.sentence ?? ''} (${String(result.wrong)} findings)`);
    process.exitCode = 1;
  }
  return result;
}

async function carryOut(
  command: Exclude<Command, { kind: 'help' | 'verify' }>,
  infrastructure: Infrastructure,
  terminal: Terminal,
): Promise<unknown> {
  if (isKeysCommand(command)) return handleKeys(command, infrastructure, terminal.say);
  switch (command.kind) {
    case 'migrate':
      return { migrated: true };
    case 'doctor':
      return diagnose(infrastructure);
    case 'audit':
      return auditLedger(infrastructure, terminal);
    case 'restore':
      return restore(infrastructure, command, terminal.say);
    case 'retention':
      return previewRetention(infrastructure, command.at);
    case 'erase':
      return erase(infrastructure, command, terminal.say);
    case 'footprint':
      return footprint(infrastructure, command, terminal.say);
    case 'account-create': {
      const create = makeCreateAccount(infrastructure);
      const { account, apiKey } = await create({ email: command.email, name: command.name, firstKeyScopes: SCOPES });
      return {
        account: { id: account.uuid, email: command.email, name: command.name },
        api_key: apiKey === null ? null : presentKey(apiKey),
        ...(await sandboxHint(infrastructure)),
      };
    }
    case 'key-create': {
      const account = await makeFindAccount(infrastructure)(command.account);
      const key = await makeCreateApiKey(infrastructure)({
        accountId: account.id,
        scopes: command.scopes,
        expiresAt: command.expiresAt,
      });
      return { api_key: presentKey(key) };
    }
  }
}

async function diagnose(infrastructure: Infrastructure): Promise<Examination> {
  const examined = await examine(infrastructure);
  if (examined.findings.some(({ status }) => status === 'failed')) process.exitCode = 1;
  return examined;
}

const previewRetention = (infrastructure: Infrastructure, at: Date | null): Promise<RetentionPreview> =>
  makePreviewRetention(infrastructure)({ accountId: null, ...(at === null ? {} : { at }) });

const presentKey = (key: CreatedApiKey) => ({
  id: key.uuid,
  key: key.key,
  scopes: key.scopes,
  expires_at: key.expiresAt?.toISOString() ?? null,
});

/** What to connect on a machine without a Meta app: the first Page of the sandbox that nobody has connected. */
async function sandboxHint(infrastructure: Infrastructure): Promise<object> {
  const pages = sandboxPages(infrastructure);
  const taken = await Promise.all(pages.map((page) => findPageByMetaId(infrastructure.db, page.id)));
  const free = pages.find((_page, index) => taken[index] === undefined);
  if (free === undefined) return {};
  return { sandbox_page: { page_id: free.id, name: free.name, access_token: free.token } };
}
