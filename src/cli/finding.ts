/** One line of `assent doctor`. */
export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'failed';
  readonly detail: string;
}

/** What must be so. */
export const finding = (check: string, passed: boolean, good: string, bad: string): Finding => ({
  check,
  status: passed ? 'ok' : 'failed',
  detail: passed ? good : bad,
});

/** What should be so. */
export const advice = (check: string, passed: boolean, good: string, bad: string): Finding => ({
  check,
  status: passed ? 'ok' : 'warning',
  detail: passed ? good : bad,
});
