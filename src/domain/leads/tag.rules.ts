import type { FieldError } from '../../kernel/errors';

export const MAX_TAG_LENGTH = 64;
export const MAX_TAGS_PER_LEAD = 50;
export const MAX_LEADS_PER_TAGGING = 1_000;

/** Composing Unicode takes time that grows with the square of its marks: what no spelling brings below the limit is not composed. */
const MAX_RAW_LENGTH = 8 * MAX_TAG_LENGTH;

/** One spelling for one tag: composed Unicode, no space around it. Capitals matter. */
export const normaliseTag = (name: string): string => name.normalize('NFC').trim();

/** Every fault of a list of tag names, by its place in the request. */
export function tagFaults(pointer: string, names: readonly string[]): FieldError[] {
  const faults: FieldError[] = [];
  if (names.length > MAX_TAGS_PER_LEAD) faults.push({ pointer, detail: `at most ${MAX_TAGS_PER_LEAD} tags` });
  names.forEach((name, place) => {
    const length = name.length > MAX_RAW_LENGTH ? name.length : normaliseTag(name).length;
    if (length === 0) faults.push({ pointer: `${pointer}/${place}`, detail: 'a tag cannot be empty' });
    if (length > MAX_TAG_LENGTH)
      faults.push({ pointer: `${pointer}/${place}`, detail: `a tag has at most ${MAX_TAG_LENGTH} characters` });
  });
  return faults;
}
