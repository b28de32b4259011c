import { loadConfig } from '../config/env';
import { openApi, readyMessage } from './compose/api';
import { openInfrastructure } from './compose/infrastructure';
import { runProgram, type Running } from './compose/program';
import { bindServer } from './http/server';

/** An API process: HTTP in, rows and jobs out. Any number may run beside each other. */
async function start(): Promise<Running> {
  const config = loadConfig(process.env);
  const server = await bindServer(config.http.host, config.http.port);
  const infrastructure = await openInfrastructure(config, {
    role: 'api',
    say: (text) => process.stderr.write(`${text}\n`),
  }).catch(async (error: unknown) => {
    await server.close();
    throw error;
  });
  const api = await openApi(infrastructure, server);
  process.stdout.write(readyMessage(infrastructure, api));
  return {
    stop: async () => {
      await server.close();
      await api.close();
      await infrastructure.close();
    },
  };
}

runProgram(start);
