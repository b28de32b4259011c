import { utimesSync, writeFileSync } from 'node:fs';
import { loadConfig } from '../config/env';
import { openInfrastructure } from '../src/compose/infrastructure';
import { runProgram, type Running } from '../src/compose/program';
import { isSandboxed, messengerIdentity } from '../src/compose/sandbox';
import { composeUseCases } from '../src/compose/use-cases';
import type { Clock } from '../src/kernel/clock';
import { UserError } from '../src/kernel/errors';
import { HEARTBEAT_FILE } from './health';
import { startWork } from './start-work';

const HEARTBEAT_EVERY_MS = 5_000;

/** A worker process: takes jobs of the queues in WORKER_QUEUES and sweeps. Any number may run beside each other. */
async function start(): Promise<Running> {
  const config = loadConfig(process.env);
  const infrastructure = await openInfrastructure(config, {
    role: 'worker',
    say: (text) => process.stderr.write(`${text}\n`),
  });
  try {
    if (isSandboxed(infrastructure) && config.meta.graphUrl === null && config.http.port === 0) {
      throw new UserError(
        'configuration_invalid',
        'a worker of its own needs META_GRAPH_URL, or the HTTP_PORT on which the API process plays Messenger',
      );
    }
    const ownUrl = `http://127.0.0.1:${String(config.http.port)}`;
    const useCases = await composeUseCases(infrastructure, {
      messenger: messengerIdentity(infrastructure, ownUrl),
      publicUrl: config.http.publicUrl ?? ownUrl,
    });
    const work = startWork(infrastructure, useCases, config.workerQueues);
    const heartbeat = beat(infrastructure.clock);
    process.stdout.write(`Assent worker is ready: ${config.workerQueues.join(', ')}\n`);
    return {
      stop: async () => {
        clearInterval(heartbeat);
        await work.stop();
        await useCases.close();
        await infrastructure.close();
      },
    };
  } catch (error) {
    await infrastructure.close();
    throw error;
  }
}

function beat(clock: Clock): NodeJS.Timeout {
  writeFileSync(HEARTBEAT_FILE, '');
  return setInterval(() => {
    const now = clock.now();
    utimesSync(HEARTBEAT_FILE, now, now);
  }, HEARTBEAT_EVERY_MS);
}

runProgram(start);
