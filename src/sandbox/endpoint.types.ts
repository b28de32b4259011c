import type { Faults } from './faults';
import type { GraphPage, Json } from './sandbox.types';
import type { World } from './world';

/** A Graph call with its token checked. `params` joins query and body. */
export interface GraphCall {
  readonly method: string;
  readonly page: GraphPage;
  readonly node: string;
  readonly edge: string;
  readonly params: Json;
}

/** What goes back on the socket; `destroy` means that nothing does. */
export interface GraphAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly delayMs?: number;
  readonly destroy?: boolean;
}

export interface EndpointContext {
  readonly world: World;
  readonly faults: Faults;
  readonly appId: string;
}
