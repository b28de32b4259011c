import { loadConfig } from '../config/env';
import { openApi, readyMessage } from '../src/compose/api';
import { openInfrastructure } from '../src/compose/infrastructure';
import { runProgram, type Running } from '../src/compose/program';
import { bindServer } from '../src/http/server';
import { startWork } from './start-work';

/** `npm start`: API, workers and, without a Meta app, the sandbox in one process. */
async function start(): Promise<Running> {
  const config = loadConfig(process.env);
  const server = await bindServer(config.http.host, config.http.port);
  const infrastructure = await openInfrastructure(config, {
    role: 'all',
    say: (text) => process.stderr.write(`${text}\n`),
  }).catch(async (error: unknown) => {
    await server.close();
    throw error;
  });
  const api = await openApi(infrastructure, server);
  const work = startWork(infrastructure, api.useCases, config.workerQueues);
  process.stdout.write(readyMessage(infrastructure, api));
  return {
    stop: async () => {
      // The workers first: this server is also the Messenger they post to while the sandbox plays it.
      await work.stop();
      await server.close();
      await api.close();
      await infrastructure.close();
    },
  };
}

runProgram(start);
