import type { AnchorClass } from './anchor.types';

/** The note of a checkpoint with the lines of the witnesses that have seen it, after the log's own. */
export const cosignedNote = (
  { size, note }: { readonly size: number; readonly note: string },
  anchors: readonly { readonly size: number; readonly class: AnchorClass; readonly token: Buffer }[],
): string => {
  const lines = anchors.filter((anchor) => anchor.class === 'witness' && anchor.size === size);
  return note + lines.map(({ token }) => token.toString('utf8')).join('');
};
