import type { Circus } from '@jest/types';
import { TestEnvironment } from 'jest-environment-node';

/** Tells the tests' own code, in `hasFailedTest`, that a test of this file failed. */
export default class PostgresEnvironment extends TestEnvironment {
  handleTestEvent(event: Circus.Event): void {
    if (event.name === 'test_fn_failure' || event.name === 'hook_failure') this.global['hasFailedTest'] = true;
  }
}
