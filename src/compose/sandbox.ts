import path from 'node:path';
import { createSandbox, derivePages, type PageKey, type Sandbox } from '../sandbox';
import { requiredSecrets, type Infrastructure } from './infrastructure';

/** Enough to try a broadcast over several Pages. */
const SANDBOX_PAGES = 3;
/** Made up, and the same everywhere: the sandbox has one app. */
const SANDBOX_APP_ID = '900100200300400';

export const isSandboxed = ({ config }: Pick<Infrastructure, 'config'>): boolean =>
  config.meta.appSecrets === null && !config.production;

/** The Pages of the built-in sandbox; none when Meta is real. The same installation always has the same ones. */
export function sandboxPages(infrastructure: Pick<Infrastructure, 'config' | 'generated'>): readonly PageKey[] {
  if (!isSandboxed(infrastructure) || infrastructure.generated === null) return [];
  return derivePages(infrastructure.generated.sandboxSeed, SANDBOX_PAGES);
}

/** The simulated Messenger of an installation without a Meta app. Its people and threads survive a restart, sealed. */
export function openSandbox(infrastructure: Infrastructure, webhookUrl: string): Sandbox {
  const secrets = requiredSecrets(infrastructure.generated);
  return createSandbox({
    appId: SANDBOX_APP_ID,
    appSecret: secrets.sandboxAppSecret,
    verifyToken: secrets.verifyToken,
    webhookUrl,
    seed: secrets.sandboxSeed,
    pages: SANDBOX_PAGES,
    clock: infrastructure.clock,
    statePath: path.join(infrastructure.config.dataDir, 'sandbox.bin'),
    stateKey: secrets.sandboxStateKey,
  });
}

export interface MessengerIdentity {
  readonly graphUrl: string;
  readonly appId: string | null;
  readonly appSecrets: readonly string[];
  readonly verifyToken: string;
}

/** Whom the program speaks to and whose signatures it believes: Meta, or the sandbox on our own address. */
export function messengerIdentity(infrastructure: Infrastructure, ownUrl: string): MessengerIdentity {
  const { meta } = infrastructure.config;
  if (meta.appSecrets !== null) {
    const verifyToken = meta.verifyToken ?? requiredSecrets(infrastructure.generated).verifyToken;
    const graphUrl = meta.graphUrl ?? 'https://graph.facebook.com';
    return { graphUrl, appId: meta.appId, appSecrets: meta.appSecrets, verifyToken };
  }
  const secrets = requiredSecrets(infrastructure.generated);
  return {
    graphUrl: meta.graphUrl ?? `${ownUrl}/sandbox/graph`,
    appId: SANDBOX_APP_ID,
    appSecrets: [secrets.sandboxAppSecret],
    verifyToken: secrets.verifyToken,
  };
}
