/** One thing that is kept, in plain values: text, numbers, times in RFC 3339. */
export type AccessRecord = Readonly<Record<string, unknown>>;

/** What a group of records is, where it came from, what for, who gets it and how long it stays. Sentences are for the person. */
export interface AccessSection {
  readonly name: string;
  readonly what: string;
  readonly source: string;
  readonly purpose: string;
  readonly recipients: string;
  readonly retention: string;
  readonly records: readonly AccessRecord[];
}

/** Everything that is kept about one person of one Page. */
export interface AccessAnswer {
  readonly format: 'assent-access/v1';
  readonly made_at: string;
  readonly page: { readonly page_id: string; readonly name: string };
  readonly sections: readonly AccessSection[];
  /** What there may be of the person that cannot be shown here, and why. */
  readonly not_shown: readonly string[];
}
