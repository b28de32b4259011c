import { urlencoded, Router, type Response } from 'express';
import { html, page, type SafeHtml } from './html';
import { refuseOtherMethods } from './other-methods';
import { facts } from './router';

/** What a person's own page shows; the link to it stands in the welcome. */
export interface PersonPageState {
  readonly pageName: string;
  readonly status: 'subscribed' | 'unsubscribed' | 'reply_only' | 'suppressed';
  readonly notice: string | null;
}

export interface PersonApi {
  /** Looks and changes nothing; null for an unknown token. */
  readonly show: (token: string) => Promise<PersonPageState | null>;
  readonly unsubscribe: (token: string) => Promise<PersonPageState | null>;
}

/** The notice and unsubscribe page of one person. Acts only on POST: previews and link checkers open addresses by themselves. */
export function personRoutes(api: PersonApi): Router {
  const router = Router();
  router.get('/n/:token', async (req, res) => {
    facts(res).route = '/n/{token}';
    answer(res, req.params.token, await api.show(req.params.token));
  });
  router.post('/n/:token', urlencoded({ extended: false, limit: 1024 }), async (req, res) => {
    facts(res).route = '/n/{token}';
    answer(res, req.params.token, await api.unsubscribe(req.params.token));
  });
  refuseOtherMethods(router, '/n/:token', ['GET', 'POST']);
  return router;
}

export function answerUnknownLink(res: Response): void {
  const text = html`<h1>This link leads nowhere</h1>
    <p>Write STOP in the conversation to unsubscribe.</p>`;
  res.status(404).type('html').send(page('Not found', text));
}

function answer(res: Response, token: string, state: PersonPageState | null): void {
  res.setHeader('Cache-Control', 'no-store');
  if (state === null) {
    answerUnknownLink(res);
    return;
  }
  res.type('html').send(page(`Messages from ${state.pageName}`, body(token, state)));
}

function body(token: string, { pageName, status, notice }: PersonPageState): SafeHtml {
  const isReached = status === 'subscribed';
  return html`<h1>Messages from ${pageName}</h1>
    <p>
      ${
        isReached
          ? 'You agreed to get messages from this Page on Messenger. An automated assistant sends them.'
          : 'You get no bulk messages from this Page.'
      }
    </p>
    ${
      notice === null
        ? ''
        : html`<h2>What the Page says</h2>
            <blockquote>${notice}</blockquote>`
    }
    <h2>What is kept</h2>
    <p>
      Your page-scoped id, the times of your messages to the Page, and proof of what you agreed to and when. What you
      write is not kept, except the message by which you agreed or unsubscribed. All of it is encrypted under a key of
      your own.
    </p>
    <p><a href="/n/${token}/consent">What you agreed to, and its proof</a></p>
    ${
      isReached
        ? html`<form method="post"><button type="submit" data-testid="unsubscribe">Unsubscribe</button></form>
            <p>Writing STOP in the conversation does the same.</p>`
        : html`<p data-testid="unsubscribed">
            To get messages${status === 'unsubscribed' ? ' again' : ''}, write START in the conversation.
          </p>`
    }`;
}
