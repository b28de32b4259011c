/** Bytes of one place, such as a column or a file. Pieces of one place follow one another. */
export interface Piece {
  readonly place: string;
  readonly bytes: Buffer;
  /** Begins another value or file: nothing is found across it and the one before. */
  readonly isNew: boolean;
}

/** A kind of place where something may lie. */
export interface FootprintStore {
  readonly name: string;
  /**
   * Everything that lies there, and among it, for as long as it is read, `control`: what does not find that sees nothing.
   *
   * @throws when it cannot be looked at
   */
  read(control: Buffer): AsyncIterable<Piece>;
}

export interface StoreFootprint {
  readonly store: string;
  /** Columns, files or keys that were looked at. */
  readonly places: number;
  readonly bytes: number;
  /** Where values were found, and in which form. Never the value. */
  readonly hits: readonly { readonly place: string; readonly encoding: string; readonly count: number }[];
  /** `seen`: the control was found. `blind`: it was not, and the hits mean nothing. `unreachable`: it could not be looked at. */
  readonly sight: 'seen' | 'blind' | 'unreachable';
}

/** A store with about how much lies in it: small ones are looked at first. */
export interface SizedStore extends FootprintStore {
  readonly bytes: number;
}

/** What a look found that ends after a while. */
export interface CheckedFootprint {
  /** Of each person, in the order given; no patterns: they were not looked for. */
  readonly people: readonly { readonly hits: number; readonly patterns: number }[];
  /** That there are. */
  readonly stores: number;
  /** That were looked at whole, and in which the control was found. */
  readonly looked: number;
  /** In each that was looked at whole. */
  readonly isControlFound: boolean;
  /** Where something was found. Never what. */
  readonly found: readonly { readonly store: string; readonly count: number }[];
}
