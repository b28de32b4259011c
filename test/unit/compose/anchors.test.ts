import { anchorWarning } from '../../../src/compose/anchors';
import type { AnchorsView } from '../../../src/domain/ledger';

const NONE = { rfc3161: null, witnesses: [] };
const SOME = { ...NONE, witnesses: [{ vkey: 'w+00000000+BA==', url: 'https://w.example.org' }] };

const service = (kind: 'self' | 'witness', failures: number): AnchorsView['services'][number] => ({
  name: kind,
  class: kind,
  lastSize: null,
  lastAnchoredAt: null,
  failures,
  lastFault: null,
  dueAt: new Date(0),
});

it('warns until somebody outside has answered, and says what is missing', () => {
  const warn = (anchors: typeof NONE | typeof SOME, isIndependent: boolean, failures = 0) =>
    anchorWarning({ anchors }, { isIndependent, services: [service('self', 0), service('witness', failures)] });
  expect(warn(NONE, false)).toBe(
    "No independent anchor: proofs rest on this operator's word. Set RFC3161_URL or WITNESSES.",
  );
  expect(warn(SOME, false)).toContain('are being asked');
  expect(warn(SOME, false, 1)).toContain('Nobody configured has vouched for it yet');
  expect(warn(SOME, true)).toBeNull();
});
