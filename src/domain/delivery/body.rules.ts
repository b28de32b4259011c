/** Parts of a request body that differ from one recipient to the next. */
export interface BodyValues {
  readonly psid: string;
  /** Public id of the delivery or reply. */
  readonly uuid: string;
  readonly attempt: number;
}

export type PreparedBody = (values: BodyValues) => string;

/** Words that cannot stand in any message by chance; the caller makes fresh ones for each chunk. */
export interface BodyMarks {
  readonly psid: string;
  readonly uuid: string;
  readonly attempt: string;
}

/**
 * Serialises a request once and leaves gaps for what differs: 50 messages cost one JSON.stringify.
 *
 * @param request holds the marks as parts of its strings
 */
export function prepareBody(request: unknown, marks: BodyMarks): PreparedBody {
  const pieces = JSON.stringify(request).split(new RegExp(`(${marks.psid}|${marks.uuid}|${marks.attempt})`));
  return ({ psid, uuid, attempt }) => {
    const values: Readonly<Record<string, string>> = {
      [marks.psid]: JSON.stringify(psid).slice(1, -1),
      [marks.uuid]: uuid,
      [marks.attempt]: String(attempt),
    };
    let text = '';
    for (const piece of pieces) text += values[piece] ?? piece;
    return text;
  };
}

const METADATA = /^assent:v1:([dr]):([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}):([0-9]{1,5})$/;

export interface SendReference {
  readonly kind: 'delivery' | 'reply';
  readonly uuid: string;
  readonly attempt: number;
}

export const metadataOf = (kind: SendReference['kind'], uuid: string, attempt: number | string): string =>
  `assent:v1:${kind === 'delivery' ? 'd' : 'r'}:${uuid}:${attempt}`;

/** What an echo's `metadata` names; null for an echo of somebody else's message. */
export function readMetadata(metadata: string | null | undefined): SendReference | null {
  const [, kind, uuid, attempt] = METADATA.exec(metadata ?? '') ?? [];
  if (uuid === undefined || attempt === undefined) return null;
  return { kind: kind === 'd' ? 'delivery' : 'reply', uuid, attempt: Number(attempt) };
}
