import type { FreezeResult } from '../../src/domain/broadcasts';
import { DONE, type Processor } from '../registry';

export interface FreezeAudienceProcessorDeps {
  readonly freezeAudience: (broadcastUuid: string) => Promise<FreezeResult>;
}

/** Turns a prepared broadcast into deliveries, once its start has come. */
export function makeFreezeAudienceProcessor({
  freezeAudience,
}: FreezeAudienceProcessorDeps): Processor<'freeze-audience'> {
  return async ({ broadcastId }) => {
    const result = await freezeAudience(broadcastId);
    return result.kind === 'not_due' ? { kind: 'again', delayMs: result.delayMs } : DONE;
  };
}
