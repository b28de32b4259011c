import fc from 'fast-check';

/** Bodies of the shape of a webhook, and of shapes that only resemble it. */
export function anyBody(): fc.Arbitrary<unknown> {
  const event = fc.jsonValue({ maxDepth: 3 });
  const entry = fc.record(
    {
      id: fc.oneof(fc.string(), fc.integer()),
      time: fc.integer(),
      messaging: fc.oneof(fc.array(event, { maxLength: 4 }), event),
      standby: fc.array(event, { maxLength: 3 }),
      changes: fc.array(event, { maxLength: 3 }),
    },
    { requiredKeys: [] },
  );
  return fc.record(
    {
      object: fc.constantFrom('page', 'instagram'),
      entry: fc.oneof(fc.array(fc.oneof(entry, event), { maxLength: 4 }), event),
    },
    { requiredKeys: [] },
  );
}
