import { parseArgs } from 'node:util';
import { SCOPES } from '../domain/accounts';
import { UserError } from '../kernel/errors';
import type { FootprintCommand } from './footprint';
import { UUID } from '../kernel/uuid';

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'migrate' }
  | { readonly kind: 'doctor' }
  | { readonly kind: 'audit' }
  | { readonly kind: 'retention'; readonly at: Date | null }
  | { readonly kind: 'restore'; readonly applies: boolean; readonly acceptsLoss: boolean }
  | { readonly kind: 'keys-reseal' | 'keys-copy' | 'keys-drill' | 'keys-rotate-log' }
  | FootprintCommand
  | { readonly kind: 'erase'; readonly account: string; readonly lead: string; readonly keepsMark: boolean }
  | {
      readonly kind: 'verify';
      readonly bundle: string;
      /** None: the keys of this log. */
      readonly keys: readonly string[];
      readonly trusted: readonly string[];
    }
  | { readonly kind: 'account-create'; readonly email: string; readonly name: string }
  | {
      readonly kind: 'key-create';
      readonly account: string;
      readonly scopes: readonly string[];
      readonly expiresAt: Date | null;
    };

export const USAGE = `usage: assent <command>

  migrate                                     brings the database schema up to this build
  account create --email E --name N           makes an account and its first API key
  key create --account ID --scopes a,b        makes another API key [--expires 2027-01-31T00:00:00Z]
  doctor                                      says what this installation lacks
  audit                                       recomputes the whole ledger and names the first wrong entry
  retention                                   says what would go by age, now or [--at TIME]; changes nothing
  erase ACCOUNT LEAD                          erases a lead for good, as the API does, and prints how far it is and its
                                              certificate. [--keep-mark] only by the person's wish
  footprint VALUE                             says where a value lies in any form; VALUE - reads one a line from standard
                                              input. Changes nothing. [--path P]... for logs, mail, copies
  restore                                     after a backup of the database was put back: says what was erased since and
                                              would be erased again; does it with --apply. [--accept-loss]
  keys reseal                                 writes the key ring anew under the first MASTER_KEY
  keys copy                                   brings the copy in KEYRING_COPY_DIR in step now
  keys drill                                  opens the copy as if the key ring were lost; changes nothing
  keys rotate-log                             gives the log a new key; the one of now signs beside it for 30 days
  verify BUNDLE                               checks a proof bundle against this log's key
                                              [--key VKEY]... [--tsa FILE]... [--witness VKEY]...
                                              [--earlier BUNDLE]...

scopes: ${SCOPES.join(', ')}
JSON goes to standard output, messages to standard error. Exit status: 0 done, 1 failed, 2 called wrongly.
verify ends as assent-verify.mjs does: 0 proved, 2 proved but the time rests on this operator's word, 1 not proved.
Every command reads the environment of the running program: give it the same DATA_DIR, DATABASE_URL, WITNESSES …`;

const usage = (text: string): UserError => new UserError('usage', `${text}\n\n${USAGE}`);

/** Commands that are told nothing more. */
const PLAIN = {
  migrate: { kind: 'migrate' },
  doctor: { kind: 'doctor' },
  audit: { kind: 'audit' },
  'keys reseal': { kind: 'keys-reseal' },
  'keys copy': { kind: 'keys-copy' },
  'keys drill': { kind: 'keys-drill' },
  'keys rotate-log': { kind: 'keys-rotate-log' },
} as const satisfies Readonly<Record<string, Command>>;

/** @throws {UserError} `usage` */
export function parseCommand(args: readonly string[]): Command {
  const { positionals, values } = parse(args);
  if (values.help === true) return { kind: 'help' };
  if (positionals[0] === 'verify') return verifyCommand(positionals.slice(1), values);
  if (positionals[0] === 'footprint') return footprintCommand(positionals.slice(1), values.path);
  if (positionals[0] === 'erase') return eraseCommand(positionals.slice(1), values['keep-mark'] === true);
  const words = positionals.join(' ');
  if (Object.hasOwn(PLAIN, words)) return PLAIN[words as keyof typeof PLAIN];
  switch (words) {
    case 'restore':
      return { kind: 'restore', applies: values.apply === true, acceptsLoss: values['accept-loss'] === true };
    case 'retention':
      return { kind: 'retention', at: moment(values.at, '--at') };
    case 'account create':
      return {
        kind: 'account-create',
        email: required(values.email, '--email'),
        name: required(values.name, '--name'),
      };
    case 'key create':
      return {
        kind: 'key-create',
        account: required(values.account, '--account'),
        scopes: required(values.scopes, '--scopes')
          .split(',')
          .map((scope) => scope.trim()),
        expiresAt: moment(values.expires, '--expires'),
      };
    case '':
      throw usage('no command given');
    default:
      throw usage(`unknown command: ${words}`);
  }
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        email: text,
        name: text,
        account: text,
        scopes: text,
        expires: text,
        at: text,
        key: { type: 'string', multiple: true },
        tsa: { type: 'string', multiple: true },
        path: { type: 'string', multiple: true },
        witness: { type: 'string', multiple: true },
        earlier: { type: 'string', multiple: true },
        apply: { type: 'boolean' },
        'keep-mark': { type: 'boolean' },
        'accept-loss': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw usage(error instanceof Error ? error.message : 'the arguments cannot be read');
  }
}

function eraseCommand([account, lead, ...more]: readonly string[], keepsMark: boolean): Command {
  if (account === undefined || lead === undefined || more.length > 0) throw usage('erase takes an account and a lead');
  if (![account, lead].every((id) => UUID.test(id))) throw usage('erase takes the ids that the API shows');
  return { kind: 'erase', account, lead, keepsMark };
}

function footprintCommand(values: readonly string[], paths: readonly string[] = []): Command {
  const [value] = values;
  if (value === undefined || values.length > 1) throw usage('footprint takes one value, or - for standard input');
  return { kind: 'footprint', value: value === '-' ? null : value, paths };
}

function verifyCommand(
  bundles: readonly string[],
  {
    key: keys = [],
    tsa = [],
    witness = [],
    earlier = [],
  }: { key?: string[]; tsa?: string[]; witness?: string[]; earlier?: string[] },
): Command {
  const [bundle] = bundles;
  if (bundle === undefined || bundles.length > 1) throw usage('verify takes one bundle');
  const trusted = [
    ...tsa.flatMap((file) => ['--tsa', file]),
    ...witness.flatMap((one) => ['--witness', one]),
    ...earlier.flatMap((file) => ['--earlier', file]),
  ];
  return { kind: 'verify', bundle, keys, trusted };
}

function required(value: string | undefined, option: string): string {
  if (value === undefined || value.trim() === '') throw usage(`${option} is needed`);
  return value;
}

function moment(text: string | undefined, option: string): Date | null {
  if (text === undefined) return null;
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw usage(`${option} must be a time such as 2027-01-31T00:00:00Z`);
  return at;
}
