import type { Config } from '../../config/env';
import { anchorServices, NONE_INDEPENDENT, type AnchorService, type AnchorsView } from '../domain/ledger';
import { timestampClient, witnessClient } from '../platform/anchor/clients';
import type { Infrastructure } from './infrastructure';

/** Who vouches for checkpoints: the built-in time-stamp always, and whoever is configured outside. */
export function composeAnchors({ config, clock, ids, keyRing }: Infrastructure): readonly AnchorService[] {
  const { rfc3161, witnesses } = config.anchors;
  return anchorServices({
    clock,
    ids,
    selfSeed: keyRing.systemKey('self-timestamp'),
    authority:
      rfc3161 === null
        ? null
        : { name: new URL(rfc3161.url).host, ask: timestampClient(rfc3161.url), authorities: rfc3161.authorities },
    witnesses: witnesses.map(({ vkey, url }) => ({ vkey, ask: witnessClient(url) })),
  });
}

/** What whoever runs this installation is told while nobody outside has vouched for the log; null when somebody has. */
export function anchorWarning(
  { anchors }: Pick<Config, 'anchors'>,
  { isIndependent, services }: Pick<AnchorsView, 'isIndependent' | 'services'>,
): string | null {
  if (isIndependent) return null;
  const isConfigured = anchors.rfc3161 !== null || anchors.witnesses.length > 0;
  if (!isConfigured) return `${NONE_INDEPENDENT} Set RFC3161_URL or WITNESSES.`;
  const isSilent = services.some(({ class: kind, failures }) => kind !== 'self' && failures > 0);
  const advice = isSilent
    ? 'Nobody configured has vouched for it yet, or for two days; /v1/ledger/anchors says why.'
    : 'Those configured are being asked by the workers; /v1/ledger/anchors says what they answered.';
  return `${NONE_INDEPENDENT} ${advice}`;
}
