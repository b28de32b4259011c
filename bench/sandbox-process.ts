import { systemClock } from '../src/kernel/clock';
import { startSandboxServer } from '../src/sandbox';

export interface SandboxOrder {
  readonly appId: string;
  readonly appSecret: string;
  readonly verifyToken: string;
  /** Base64. */
  readonly seed: string;
  readonly pages: number;
  readonly callsPerSecond: number;
}

/** The simulated Messenger in a process of its own; the parent names the webhook address, and may change it. */
async function start(order: SandboxOrder): Promise<void> {
  let webhookUrl = 'http://127.0.0.1:9/';
  const server = await startSandboxServer({
    ...order,
    seed: Buffer.from(order.seed, 'base64'),
    clock: systemClock,
    webhookUrl: () => webhookUrl,
    acceptUnknownRecipients: true,
    limits: { callsPerSecond: order.callsPerSecond },
    maxFullMessages: 1_000,
  });
  process.on('message', (url: string) => {
    webhookUrl = url;
  });
  process.once('disconnect', () => process.exit(0));
  process.send?.({ url: server.url, graphUrl: server.graphUrl });
}

process.once('message', (order: SandboxOrder) => void start(order));
