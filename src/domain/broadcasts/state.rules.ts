/** Where a broadcast stands. */
export type BroadcastStatus =
  'draft' | 'scheduled' | 'preparing' | 'sending' | 'paused' | 'holding' | 'completed' | 'cancelled' | 'blocked';

/** What a person may ask for. */
export type UserAction = 'edit' | 'launch' | 'pause' | 'resume' | 'cancel';

/** What the program does by itself. */
type SystemAction = 'due' | 'late' | 'freeze' | 'finish' | 'reopen' | 'block' | 'unblock';

export type BroadcastAction = UserAction | SystemAction;

/**
 * `same`: already as asked, nothing to do. `start`: `scheduled` or `preparing`, by its time. `back`: where it stood
 * before it was paused or blocked. `frozen`: `sending`, `blocked` or `completed`, by what the freeze found.
 */
type Transition = BroadcastStatus | 'same' | 'start' | 'back' | 'frozen';

/** The whole state machine. What is not in it cannot happen. */
export const TRANSITIONS: Readonly<Record<BroadcastStatus, Readonly<Partial<Record<BroadcastAction, Transition>>>>> = {
  draft: { edit: 'same', launch: 'start' },
  scheduled: {
    edit: 'same',
    launch: 'same',
    pause: 'paused',
    resume: 'same',
    cancel: 'cancelled',
    due: 'preparing',
    late: 'blocked',
  },
  preparing: {
    launch: 'same',
    pause: 'paused',
    resume: 'same',
    cancel: 'cancelled',
    due: 'same',
    late: 'blocked',
    freeze: 'frozen',
  },
  sending: {
    launch: 'same',
    pause: 'paused',
    resume: 'same',
    cancel: 'cancelled',
    finish: 'completed',
    reopen: 'same',
    block: 'blocked',
    unblock: 'same',
  },
  paused: {
    edit: 'same',
    pause: 'same',
    resume: 'back',
    cancel: 'cancelled',
    reopen: 'same',
    block: 'same',
    unblock: 'same',
  },
  holding: {
    launch: 'same',
    pause: 'paused',
    resume: 'same',
    cancel: 'cancelled',
    finish: 'completed',
    reopen: 'sending',
    block: 'blocked',
    unblock: 'same',
  },
  completed: { launch: 'same', reopen: 'sending' },
  cancelled: { cancel: 'same' },
  blocked: {
    launch: 'back',
    resume: 'back',
    cancel: 'cancelled',
    reopen: 'same',
    block: 'same',
    unblock: 'sending',
  },
};

export const BROADCAST_STATUSES = Object.keys(TRANSITIONS) as readonly BroadcastStatus[];

type StateAnswer =
  { readonly ok: true; readonly to: Transition } | { readonly ok: false; readonly allowed: readonly BroadcastStatus[] };

/** Whether `action` may happen in `status`, and where it leads; if not, in which states it may. */
export function transition(status: BroadcastStatus, action: BroadcastAction): StateAnswer {
  const to = TRANSITIONS[status][action];
  return to === undefined ? { ok: false, allowed: statesAllowing(action) } : { ok: true, to };
}

/** The states in which an action is possible, in the order of a broadcast's life. */
export const statesAllowing = (action: BroadcastAction): BroadcastStatus[] =>
  BROADCAST_STATUSES.filter((status) => TRANSITIONS[status][action] !== undefined);

/** Where a launch leads: a time still to come is waited for. */
export const startStatus = (scheduledAt: Date | null, now: Date): 'scheduled' | 'preparing' =>
  scheduledAt !== null && scheduledAt > now ? 'scheduled' : 'preparing';

/** A frozen audience is kept for ever, so only what never had one can be deleted. */
export const isDeletable = (status: BroadcastStatus, frozenAt: Date | null): boolean =>
  status === 'draft' || (status === 'cancelled' && frozenAt === null);

/** A start that comes this much late is not made up for without asking: what was right at nine may be wrong at noon. */
export const LATE_START_MS = 15 * 60_000;

export const isLate = (startAt: Date, now: Date): boolean => now.getTime() - startAt.getTime() > LATE_START_MS;
