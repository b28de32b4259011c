import { anchorServices, type AnchorService } from '../domain/ledger';
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
