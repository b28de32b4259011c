import type { MessengerIdentity } from './sandbox';

export interface Surroundings {
  readonly messenger: MessengerIdentity;
  /** Where people open the links in messages; no slash at the end. */
  readonly publicUrl: string;
}
