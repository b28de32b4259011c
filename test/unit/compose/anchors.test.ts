import { anchorWarning } from '../../../src/compose/anchors';

const NONE = { rfc3161: null, witnesses: [] };
const SOME = { ...NONE, witnesses: [{ vkey: 'w+00000000+BA==', url: 'https://w.example.org' }] };

it('warns until somebody outside has answered, and says what is missing', () => {
  const warn = (anchors: typeof NONE | typeof SOME, isIndependent: boolean) =>
    anchorWarning({ anchors }, { isIndependent });
  expect(warn(NONE, false)).toBe(
    "No independent anchor: proofs rest on this operator's word. Set RFC3161_URL or WITNESSES.",
  );
  expect(warn(SOME, false)).toContain('Nobody configured has vouched for it yet');
  expect(warn(SOME, true)).toBeNull();
});
