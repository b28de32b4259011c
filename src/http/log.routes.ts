import { Readable } from 'node:stream';
import { z } from 'zod';
import type { ReadLog } from '../domain/ledger';
import { HttpError } from './http.errors';
import { privateRoute, publicRoute, type Call, type Reply, type Route } from './route';
import { isoOrNull, timestamp } from './schemas';

const tag = 'ledger';
const OCTETS = 'application/octet-stream';
const NOTE = 'text/plain';
/** A tile never changes. Behind an API key nothing on the way may keep it all the same. */
const FOR_EVER = 'public, max-age=31536000, immutable';

const NOTE_EXAMPLE =
  'log.example.com/consent\n2\nhIPRqC0KIXrU8KGmgtIe1dFZmYqjTSR0fwFcD8CM9WI=\n\n— log.example.com/consent igyKOkoM2dPl42xDVI0wrEscQNj/u8wVy1EqkilHklMaTcle+ZXt0RAATxeKxQ94dngL07vHMgE5k4Jpd4t8ht/z2Qs=\n';
const VKEY_EXAMPLE = 'log.example.com/consent+8a0c8a3a+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c';

const logKey = z
  .object({
    vkey: z.string(),
    former: z.array(z.object({ vkey: z.string(), signs_until: timestamp.nullable() })),
  })
  .meta({ id: 'LogKey', example: { vkey: VKEY_EXAMPLE, former: [] } });

type LogRoute<Params> = Pick<Route, 'path' | 'isDeep' | 'summary' | 'description' | 'replies'> & {
  readonly params?: z.ZodType<Params>;
  readonly handle: (call: Pick<Call<Params, unknown, unknown, unknown>, 'params'>) => Promise<Reply>;
};

/**
 * The log in the form of C2SP tlog-tiles. It holds nothing but hashes that look random; how fast it grows shows how much is sent,
 * so an API key is asked for unless the installation makes its log public.
 */
export function logRoutes(log: ReadLog, isPublic: boolean): Route[] {
  const route = <Params>(own: LogRoute<Params>): Route => {
    const shape = { ...own, method: 'get' as const, tag, problems: [404] };
    return isPublic ? publicRoute({ ...shape, scope: null }) : privateRoute({ ...shape, scope: 'proofs:export' });
  };
  return [
    route({
      path: '/v1/ledger/checkpoint',
      summary: 'The newest signed checkpoint',
      description: 'A C2SP signed note, with the lines of the witnesses that have seen it',
      replies: { 200: { description: 'The note', schema: z.string(), contentType: NOTE, example: NOTE_EXAMPLE } },
      handle: async () => {
        const note = await log.checkpoint();
        if (note === null) throw notThere();
        return { status: 200, contentType: `${NOTE}; charset=utf-8`, stream: Readable.from([note]) };
      },
    }),
    route({
      path: '/v1/ledger/key',
      summary: 'The key that signs the log, and those it took the place of',
      description:
        'Give `vkey` to whoever is to check proofs, by a way of its own: a proof must not bring its own key. `former` are earlier keys, the oldest first; each signs beside its successors until `signs_until`, which is null while the new one waits for its place in the log',
      replies: {
        200: {
          description: 'C2SP verifier keys',
          schema: logKey,
        },
      },
      handle: async () => {
        const { vkey, former } = await log.keys();
        const shown = former.map((key) => ({ vkey: key.vkey, signs_until: isoOrNull(key.signsUntil) }));
        return { status: 200, body: { vkey, former: shown } };
      },
    }),
    route({
      path: '/v1/ledger/tile/{tile}',
      isDeep: true,
      summary: 'A tile of the tree, or a bundle of its entries',
      description:
        '`<level>/<n>`, `entries/<n>`, either with `.p/<width>` behind it; n in groups of three digits, as in `0/x001/234`',
      params: z.object({
        tile: z
          .string()
          .max(64)
          .regex(/^(entries|\d{1,2})\/[x\d/]+(\.p\/\d{1,3})?$/)
          .meta({ example: '0/000.p/2' }),
      }),
      replies: {
        200: {
          description: 'Hashes, or entries with their lengths',
          schema: z.string(),
          contentType: OCTETS,
          example: '',
        },
      },
      handle: async ({ params }) => {
        const bytes = await log.tile(params.tile);
        if (bytes === null) throw notThere();
        return {
          status: 200,
          contentType: OCTETS,
          headers: { 'Content-Length': String(bytes.length), ...(isPublic ? { 'Cache-Control': FOR_EVER } : {}) },
          stream: Readable.from([bytes]),
        };
      },
    }),
  ];
}

const notThere = (): HttpError => new HttpError('log_part_not_found', 'the log has no such part yet');
