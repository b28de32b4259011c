/** What a mail is about: a stable word, in clear. */
export type MailKind = 'account_deletion_asked' | 'account_deleted' | 'subscription_cancelled';

/** The key that a mail is sealed under, as the key ring knows it. */
export interface MailKey {
  readonly name: string;
  readonly key: Buffer;
}

export interface MailContent {
  readonly to: string;
  readonly subject: string;
  /** Plain text. */
  readonly text: string;
}

/** `kept`: there is no mail server, and the mail is read here. */
export type MailState = 'queued' | 'kept' | 'sent' | 'failed';

export type MailOutcome =
  | { readonly kind: 'sent' }
  /** The server said that it never will. */
  | { readonly kind: 'refused'; readonly code: string }
  /** No verdict: tried again. */
  | { readonly kind: 'unclear'; readonly code: string };

/** A mail server. */
export interface MailSender {
  /** @param id the same for the same mail: a server or reader that got it twice can tell */
  send(id: string, content: MailContent): Promise<MailOutcome>;
}
