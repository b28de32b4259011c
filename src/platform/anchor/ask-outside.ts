const MOST_BYTES = 64 * 1024;

export interface OutsideCall {
  readonly url: string;
  readonly contentType: string;
  readonly body: Buffer | string;
  /** For all of it, up to the last byte of the answer. */
  readonly timeoutMs: number;
}

/** One POST without redirects, with an end in time and size. @returns null when there was no whole answer */
export async function askOutside({
  url,
  contentType,
  body,
  timeoutMs,
}: OutsideCall): Promise<{ readonly status: number; readonly type: string; readonly bytes: Buffer } | null> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': contentType },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const bytes = await readSome(answer);
    return bytes === null ? null : { status: answer.status, type: answer.headers.get('content-type') ?? '', bytes };
  } catch {
    // Whatever the network says of it, there was no answer; its words may hold the address.
    return null;
  }
}

async function readSome(answer: Response): Promise<Buffer | null> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > MOST_BYTES) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
