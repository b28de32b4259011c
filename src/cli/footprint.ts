import { text } from 'node:stream/consumers';
import { composeFootprint } from '../compose/footprint';
import type { Infrastructure } from '../compose/infrastructure';

/** What `assent footprint` is told. */
export interface FootprintCommand {
  readonly kind: 'footprint';
  /** Null: a value a line on standard input, where no other user of the machine sees it. */
  readonly value: string | null;
  readonly paths: readonly string[];
}

/** @returns what to print; the exit status is 1 for hits, and 2 when something could not be looked at */
export async function footprint(
  infrastructure: Infrastructure,
  { value, paths }: FootprintCommand,
  say: (text: string) => void,
): Promise<object> {
  const scan = await composeFootprint(infrastructure, paths);
  const stores = await scan(value === null ? await readValues() : [value]);
  const hits = stores.flatMap((store) => store.hits).reduce((sum, { count }) => sum + count, 0);
  const unseen = stores.filter(({ sight }) => sight !== 'seen').map(({ store }) => store);
  if (hits > 0) say(`Found ${String(hits)} times.`);
  else say(unseen.length === 0 ? 'Found nowhere.' : 'Found nowhere that was looked at.');
  if (unseen.length > 0) say(`Not looked at: ${unseen.join(', ')}.`);
  process.exitCode = hits > 0 ? 1 : unseen.length > 0 ? 2 : 0;
  return { hits, stores };
}

const readValues = async (): Promise<string[]> => (await text(process.stdin)).split('\n').filter((line) => line !== '');
