import { z } from 'zod';
import { NONE_INDEPENDENT, type AnchorsView } from '../domain/ledger';
import { privateRoute, type Route } from './route';
import { isoOrNull, timestamp } from './schemas';

export interface AnchorsApi {
  readonly readAnchors: () => Promise<AnchorsView>;
}

const kind = z.enum(['self', 'tsa', 'witness']).meta({
  description: '`self`: the built-in time-stamp, which is no independent proof; `tsa` and `witness` are outside',
});

const anchorsSchema = z
  .object({
    independent: z
      .boolean()
      .meta({ description: 'Somebody outside vouches for the newest checkpoint, or did for another within two days' }),
    warning: z.string().nullable(),
    services: z.array(
      z.object({
        name: z.string(),
        class: kind,
        last_size: z.int().nullable(),
        last_anchored_at: timestamp.nullable(),
        failures: z.int().meta({ description: 'In a row' }),
        last_fault: z.string().nullable(),
        due_at: timestamp,
      }),
    ),
    head: z
      .object({
        size: z.int(),
        anchors: z.array(z.object({ name: z.string(), class: kind, anchored_at: timestamp })),
      })
      .nullable(),
  })
  .meta({
    id: 'Anchors',
    example: {
      independent: false,
      warning: NONE_INDEPENDENT,
      services: [
        {
          name: 'self',
          class: 'self',
          last_size: 12,
          last_anchored_at: '2026-11-23T10:11:12.000Z',
          failures: 0,
          last_fault: null,
          due_at: '2026-11-23T10:12:12.345Z',
        },
      ],
      head: { size: 12, anchors: [{ name: 'self', class: 'self', anchored_at: '2026-11-23T10:11:12.000Z' }] },
    },
  });

const present = ({ isIndependent, services, head }: AnchorsView): z.infer<typeof anchorsSchema> => ({
  independent: isIndependent,
  warning: isIndependent ? null : NONE_INDEPENDENT,
  services: services.map((service) => ({
    name: service.name,
    class: service.class,
    last_size: service.lastSize,
    last_anchored_at: isoOrNull(service.lastAnchoredAt),
    failures: service.failures,
    last_fault: service.lastFault,
    due_at: service.dueAt.toISOString(),
  })),
  head:
    head === null
      ? null
      : {
          size: head.size,
          anchors: head.anchors.map((anchor) => ({
            name: anchor.name,
            class: anchor.class,
            anchored_at: anchor.anchoredAt.toISOString(),
          })),
        },
});

/** Who has vouched for the log, and who does not answer. */
export const anchorsRoutes = (api: AnchorsApi): Route[] => [
  privateRoute({
    method: 'get',
    path: '/v1/ledger/anchors',
    tag: 'ledger',
    scope: 'proofs:export',
    summary: 'Who has vouched for checkpoints of the log, and when',
    replies: { 200: { description: 'Every service, and the newest checkpoint', schema: anchorsSchema } },
    handle: async () => ({ status: 200, body: present(await api.readAnchors()) }),
  }),
];
