import { loadConfig } from '../config/env';
import { startApi } from '../src/compose/api';
import { runProgram, type Running } from '../src/compose/program';
import { startWork } from './start-work';

/** `npm start`: API, workers and, without a Meta app, the sandbox in one process. */
async function start(): Promise<Running> {
  const config = loadConfig(process.env);
  const api = await startApi(config, 'all', (text) => process.stderr.write(`${text}\n`));
  const work = startWork(api.infrastructure, api.useCases, config.workerQueues);
  process.stdout.write(api.readyMessage);
  return {
    stop: async () => {
      // The workers first: the server of the API is also the Messenger they post to while the sandbox plays it.
      await work.stop();
      await api.stop();
    },
  };
}

runProgram(start);
