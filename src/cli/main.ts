import { loadConfig } from '../../config/env';
import { AssentError, codeOf, UserError } from '../kernel/errors';
import { runCommand } from './run';

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const CALLED_WRONGLY: ReadonlySet<unknown> = new Set(['usage', 'value_too_short']);

runCommand(process.argv.slice(2), () => loadConfig(process.env), {
  say,
  print: (value) => process.stdout.write(`${JSON.stringify(value, null, 2)}\n`),
}).catch((error: unknown) => {
  say(error instanceof AssentError ? error.message : `internal error: ${codeOf(error)}`);
  for (const { pointer, detail } of error instanceof UserError ? error.errors : []) say(`  ${pointer}: ${detail}`);
  process.exitCode = error instanceof AssentError && CALLED_WRONGLY.has(error.code) ? 2 : 1;
});
