import type { SequenceResult } from '../../../src/domain/ledger';
import { LogHaltedError } from '../../../src/domain/ledger';
import type { Repeated } from '../../../workers/repeat';
import { startSequencer } from '../../../workers/sequencer';

const SIGNED = { kind: 'signed', size: 3, added: 3, rejected: 0, hasMore: false } as const;

let sequencer: Repeated;
let logged: { name: string; fields: unknown }[];
let observed: unknown[];
let calls: number;
let setBack: number;

/** Starts one whose turns end as told, the last of them for ever. */
function start(...turns: (() => Promise<SequenceResult>)[]): void {
  const note = (name: string, fields?: unknown): void => void logged.push({ name, fields });
  sequencer = startSequencer({
    sequence: () => turns[Math.min(calls++, turns.length - 1)]!(),
    log: { event: note, warn: note, error: note },
    onSetBack: () => {
      setBack += 1;
    },
    observe: (signed) => observed.push(signed),
  });
}
const idle = (): Promise<SequenceResult> => Promise.resolve({ kind: 'idle' });
const signed = (hasMore: boolean) => (): Promise<SequenceResult> => Promise.resolve({ ...SIGNED, hasMore });
const failing = (error: Error) => (): Promise<SequenceResult> => Promise.reject(error);

beforeEach(() => {
  jest.useFakeTimers();
  [logged, observed, calls, setBack] = [[], [], 0, 0];
});
afterEach(async () => {
  await sequencer.stop();
  jest.useRealTimers();
});

it('looks five times a second, and counts what was signed', async () => {
  start(idle, signed(false), idle);
  await jest.advanceTimersByTimeAsync(199);
  expect(calls).toBe(1);
  await jest.advanceTimersByTimeAsync(1);
  expect([calls, observed]).toEqual([2, [SIGNED]]);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(calls).toBe(7);
});

it('does not wait while batches are full', async () => {
  start(signed(true), signed(true), idle);
  await jest.advanceTimersByTimeAsync(5);
  expect([calls, observed.length]).toEqual([3, 2]);
});

it('says that the log must not be signed, and asks again after ten seconds', async () => {
  start(failing(new LogHaltedError('log_forked')), idle);
  await jest.advanceTimersByTimeAsync(9_999);
  expect([calls, logged]).toEqual([1, [{ name: 'ledger.halted', fields: { reason: 'log_forked' } }]]);
  await jest.advanceTimersByTimeAsync(1);
  expect([calls, setBack]).toEqual([2, 0]);
});

it('tells at once of a database that was set back', async () => {
  start(failing(new LogHaltedError('log_behind')), idle);
  await jest.advanceTimersByTimeAsync(1);
  expect(setBack).toBe(1);
});

it('goes on after any other failure, and keeps its words out of the log', async () => {
  start(failing(new Error('a person said')), idle);
  await jest.advanceTimersByTimeAsync(200);
  expect(calls).toBe(2);
  expect(logged).toEqual([{ name: 'ledger.sequence_failed', fields: { code: expect.any(String) as string } }]);
  expect(JSON.stringify(logged)).not.toContain('a person said');
});

it('ends the turn it is in when it is stopped, and begins no other', async () => {
  let end: (result: SequenceResult) => void = () => undefined;
  start(() => new Promise((resolve) => (end = resolve)));
  await jest.advanceTimersByTimeAsync(0);
  let isStopped = false;
  const stopping = sequencer.stop().then(() => (isStopped = true));
  await jest.advanceTimersByTimeAsync(1_000);
  expect(isStopped).toBe(false);
  end(SIGNED);
  await stopping;
  await jest.advanceTimersByTimeAsync(1_000);
  expect([calls, observed]).toEqual([1, [SIGNED]]);
});
