import { loadConfig } from '../config/env';
import { startApi } from './compose/api';
import { runProgram, type Running } from './compose/program';

/** An API process: HTTP in, rows and jobs out. Any number may run beside each other. */
async function start(): Promise<Running> {
  const api = await startApi(loadConfig(process.env), 'api', (text) => process.stderr.write(`${text}\n`));
  process.stdout.write(api.readyMessage);
  return api;
}

runProgram(start);
