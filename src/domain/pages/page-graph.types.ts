/** Meta said no, or could not be reached. `message` is safe to show: it holds no token. */
export interface GraphRefusal {
  readonly ok: false;
  /** HTTP status; null when no answer came. */
  readonly status: number | null;
  /** Meta's error code; null when the answer had no error envelope. */
  readonly code: number | null;
  readonly subcode: number | null;
  readonly message: string;
}

export type GraphAnswer<Value> = { readonly ok: true; readonly value: Value } | GraphRefusal;

export interface PageIdentity {
  readonly id: string;
  readonly name: string | null;
}

/** One line of the persistent menu. */
export interface MenuItem {
  readonly title: string;
  readonly payload: string;
}

/** What a person sees before writing. */
export interface PageProfile {
  readonly greeting: string;
  readonly getStartedPayload: string;
  readonly menu: readonly MenuItem[];
}

export interface PageCall {
  readonly metaPageId: string;
  readonly token: string;
}

/** The Graph calls that concern a Page and no person. Every one may be repeated without harm. */
export interface PageGraph {
  /** Whose token it is: the Page Meta names when asked for `metaPageId` with this token. */
  identify(call: PageCall): Promise<GraphAnswer<PageIdentity>>;
  setProfile(call: PageCall, profile: PageProfile): Promise<GraphAnswer<null>>;
  /** Replaces the list of webhook fields of this Page. */
  subscribe(call: PageCall, fields: readonly string[]): Promise<GraphAnswer<null>>;
  unsubscribe(call: PageCall): Promise<GraphAnswer<null>>;
}
