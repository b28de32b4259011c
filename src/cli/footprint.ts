import { text } from 'node:stream/consumers';
import { composeFootprint } from '../compose/footprint';
import type { Infrastructure } from '../compose/infrastructure';
import { UserError } from '../kernel/errors';

/** What `assent footprint` is told. */
export interface FootprintCommand {
  readonly kind: 'footprint';
  /** Null: a value a line on standard input, where no other user of the machine sees it. */
  readonly value: string | null;
  readonly paths: readonly string[];
}

/**
 * @param input where values come from when none is given as an argument
 * @returns what to print; the exit status is 1 for hits, and 2 when something could not be looked at
 * @throws {UserError} `usage` when no value came in, or an empty one
 */
export async function footprint(
  infrastructure: Infrastructure,
  { value, paths }: FootprintCommand,
  say: (text: string) => void,
  input: NodeJS.ReadableStream = process.stdin,
): Promise<object> {
  const values = requireValues(value === null ? linesOf(await text(input)) : [value]);
  const scan = await composeFootprint(infrastructure, paths);
  const stores = await scan(values);
  const hits = stores.flatMap((store) => store.hits).reduce((sum, { count }) => sum + count, 0);
  const unseen = stores.filter(({ sight }) => sight !== 'seen').map(({ store }) => store);
  say(`Looked for ${values.length === 1 ? 'one value' : `${String(values.length)} values`}.`);
  if (hits > 0) say(`Found ${String(hits)} times.`);
  else say(unseen.length === 0 ? 'Found nowhere.' : 'Found nowhere that was looked at.');
  if (unseen.length > 0) say(`Not looked at: ${unseen.join(', ')}.`);
  process.exitCode = hits > 0 ? 1 : unseen.length > 0 ? 2 : 0;
  return { values: values.length, hits, stores };
}

const linesOf = (input: string): string[] => (input === '' ? [] : input.replace(/\r?\n$/, '').split(/\r?\n/));

/** A variable of the shell that is not set makes an empty line: dropped in silence, nobody would know that it was not looked for. */
function requireValues(values: readonly string[]): readonly string[] {
  if (values.length === 0) throw new UserError('usage', 'no value came in: nothing was looked for');
  const empty = values.findIndex((value) => value.trim() === '');
  if (empty === -1) return values;
  const which = `value ${String(empty + 1)} of ${String(values.length)}`;
  throw new UserError('usage', `${which} is empty: nothing was looked for. Is a variable of the shell not set?`);
}
