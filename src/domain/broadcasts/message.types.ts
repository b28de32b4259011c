/** A button of the marketer's own. The unsubscribe button is never among them: it is added when rendering. */
export type BroadcastButton =
  | { readonly type: 'url'; readonly title: string; readonly url: string }
  | { readonly type: 'postback'; readonly title: string; readonly payload: string };

/** Given by address, or by the id of an upload; one of the two. */
export interface BroadcastAttachment {
  readonly type: AttachmentKind;
  readonly url?: string | undefined;
  readonly attachment_id?: string | undefined;
}

export type AttachmentKind = 'image' | 'video' | 'audio' | 'file';

/** One card of a generic template. `url` is opened by a tap on the card itself. */
export interface BroadcastElement {
  readonly title: string;
  readonly subtitle?: string | undefined;
  readonly image_url?: string | undefined;
  readonly url?: string | undefined;
  readonly buttons?: readonly BroadcastButton[] | undefined;
}

/** The content of a broadcast as it was composed, exactly one of text, attachment and elements. */
export interface BroadcastMessage {
  readonly text?: string | undefined;
  readonly attachment?: BroadcastAttachment | undefined;
  readonly elements?: readonly BroadcastElement[] | undefined;
  readonly buttons?: readonly BroadcastButton[] | undefined;
}

export type MetaButton =
  | { readonly type: 'web_url'; readonly title: string; readonly url: string }
  | { readonly type: 'postback'; readonly title: string; readonly payload: string };

export interface MetaQuickReply {
  readonly content_type: 'text';
  readonly title: string;
  readonly payload: string;
}

export interface MetaElement {
  readonly title: string;
  readonly subtitle?: string;
  readonly image_url?: string;
  readonly default_action?: { readonly type: 'web_url'; readonly url: string };
  readonly buttons: readonly MetaButton[];
}

/** The `message` of a Send API request. `metadata` is put in by whoever sends. */
export type MetaMessage = { readonly metadata?: string } & (
  | { readonly text: string; readonly quick_replies: readonly MetaQuickReply[] }
  | {
      readonly attachment: {
        readonly type: AttachmentKind;
        readonly payload: { readonly url: string; readonly is_reusable: true } | { readonly attachment_id: string };
      };
      readonly quick_replies: readonly MetaQuickReply[];
    }
  | {
      readonly attachment: {
        readonly type: 'template';
        readonly payload:
          | { readonly template_type: 'button'; readonly text: string; readonly buttons: readonly MetaButton[] }
          | { readonly template_type: 'generic'; readonly elements: readonly MetaElement[] };
      };
    }
);

/** What is put into a message for one person. `unsubscribePayload` names the delivery and is never shown. */
export interface RenderOptions {
  readonly unsubscribePayload: string;
  readonly unsubscribeTitle: string;
  readonly firstName?: string | null | undefined;
}
