import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 1_000;
/** Proxies cut a connection that says nothing for a minute. */
const SILENT_AT_MOST_MS = 15_000;

export interface ProgressWatch<Progress extends { readonly status: string }> {
  readonly first: Progress;
  readonly look: () => Promise<Progress>;
  readonly isOver: (progress: Progress) => boolean;
  /** Asked before every further look: a key that was revoked meanwhile is told nothing more. */
  readonly isStillAllowed: () => Promise<boolean>;
  readonly signal: AbortSignal;
  readonly lookEveryMs?: number;
  readonly silentAtMostMs?: number;
}

/** Server-sent events (HTML Living Standard 9.2): one for every change, a comment when nothing changes for long. */
export async function* progressEvents<Progress extends { readonly status: string }>(
  watch: ProgressWatch<Progress>,
): AsyncGenerator<string> {
  const { lookEveryMs = LOOK_EVERY_MS, silentAtMostMs = SILENT_AT_MOST_MS } = watch;
  let shown = JSON.stringify(watch.first);
  let silentMs = 0;
  yield `retry: 2000\n\n${event(watch.first, shown)}`;
  let isOver = watch.isOver(watch.first);
  while (!isOver && (await waited(lookEveryMs, watch.signal)) && (await watch.isStillAllowed())) {
    const now = await watch.look();
    const text = JSON.stringify(now);
    silentMs = text === shown ? silentMs + lookEveryMs : 0;
    if (text !== shown) yield event(now, text);
    if (silentMs >= silentAtMostMs) {
      silentMs = 0;
      yield ': still here\n\n';
    }
    shown = text;
    isOver = watch.isOver(now);
  }
}

const event = ({ status }: { readonly status: string }, text: string): string =>
  `event: progress\nid: ${status}\ndata: ${text}\n\n`;

/** @returns false when the caller hung up meanwhile */
async function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  return pause(ms, true, { signal }).catch(() => false);
}
