/** `{{first_name|there}}`: the first name, or the words after the bar for a person whose name is not known. */
const PLACEHOLDER = /\{\{\s*first_name\s*\|([^{}|]*)\}\}/g;

/**
 * Longest first name that is put in. Facebook allows 50 characters; a longer one, or one of letters that take two
 * UTF-16 units each, is cut, so that the length checked when composing is the length that is sent at most.
 */
export const MAX_FIRST_NAME_CHARS = 50;

export type PlaceholderFault = 'unknown_placeholder' | 'empty_fallback';

/** Says what is wrong with the placeholders of a text; null when every one of them can be filled for everybody. */
export function placeholderFault(template: string): PlaceholderFault | null {
  for (const match of template.matchAll(PLACEHOLDER)) {
    if ((match[1] ?? '').trim() === '') return 'empty_fallback';
  }
  const rest = template.replace(PLACEHOLDER, '');
  return rest.includes('{{') || rest.includes('}}') ? 'unknown_placeholder' : null;
}

/** Fills the placeholders for one person. */
export function personalise(template: string, firstName: string | null | undefined): string {
  const name = cut((firstName ?? '').replace(/[\s\p{Cc}]+/gu, ' ').trim(), MAX_FIRST_NAME_CHARS);
  return template.replace(PLACEHOLDER, (_, fallback: string) => (name === '' ? fallback.trim() : name));
}

/** Length of the longest text that `personalise` can make of a template, in UTF-16 units. */
export function longestLength(template: string): number {
  return template.replace(PLACEHOLDER, (_, fallback: string) =>
    'x'.repeat(Math.max(MAX_FIRST_NAME_CHARS, fallback.trim().length)),
  ).length;
}

/** Cuts to a number of UTF-16 units without leaving half of a surrogate pair. */
function cut(text: string, units: number): string {
  const part = text.slice(0, units);
  return /[\uD800-\uDBFF]$/.test(part) ? part.slice(0, -1) : part;
}
