import { benchAudience, CANCEL_LIMIT_MS } from './audience';
import { met, percent, whole, type Topic } from './figures';
import { benchFirstSend } from './first-send';

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

/** One broadcast to very many leads: counting, freezing, looking, cancelling, and the first message. */
export async function benchAudienceTopic(leads: number): Promise<Topic> {
  const frozen = await benchAudience(leads);
  const [few, many] = await benchFirstSend(Math.min(10_000, leads / 2), leads);
  const growth = many.workerMb / few.workerMb - 1;
  return {
    title: `Audience of ${whole(leads)} leads`,
    how: `Four Pages, a twentieth of the leads unsubscribed and a fifth or so out of the window. The first rows freeze as a function call on a fresh server; the others launch through the API with API, worker and sandbox running.`,
    rows: [
      [`preflight of ${whole(frozen.leads)}`, seconds(frozen.preflightMs), ''],
      [
        `freeze of ${whole(frozen.leads)}, ${whole(frozen.eligible)} of them eligible`,
        seconds(frozen.freezeMs),
        met('< 15 s', frozen.freezeMs < 15_000),
      ],
      ['statistics afterwards', seconds(frozen.statsMs), ''],
      [
        'cancel',
        frozen.cancelMs === null ? `not within ${seconds(CANCEL_LIMIT_MS)}, cut off` : seconds(frozen.cancelMs),
        '',
      ],
      ['size of the database', `${whole(frozen.databaseMb)} MB`, ''],
      [`launch to the first message accepted, ${whole(few.leads)} leads`, seconds(few.firstSendMs), ''],
      [
        `launch to the first message accepted, ${whole(many.leads)} leads`,
        seconds(many.firstSendMs),
        met('< 3 s', many.firstSendMs < 3_000),
      ],
      [
        `peak memory of the worker, ${whole(few.leads)} against ${whole(many.leads)} leads`,
        `${whole(few.workerMb)} MB, ${whole(many.workerMb)} MB`,
        met('within 10 %', growth <= 0.1) + ` (${percent(growth)})`,
      ],
    ],
  };
}
