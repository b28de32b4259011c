import { escapeHtml } from '../kernel/escape-html';
import { messageOf } from './emitter';
import type { GraphPage, Json, Person, ThreadEntry } from './sandbox.types';
import { isObject, listOf, textOf } from './wire-json';
import { profileOf } from './world';

export interface PhoneView {
  readonly base: string;
  readonly pages: readonly GraphPage[];
  readonly page: GraphPage;
  readonly people: readonly { readonly name: string; readonly handle: string }[];
  readonly person: Person | undefined;
  readonly handle: string | undefined;
  readonly ref: string | undefined;
}

export function renderPhone(view: PhoneView): string {
  const { base, person } = view;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sandbox phone</title>
<link rel="stylesheet" href="${escapeHtml(base)}/phone.css">
<script src="${escapeHtml(base)}/phone.js" defer></script>
</head>
<body>
<header><h1>Sandbox phone</h1><p>Simulated Messenger. You play the lead; nothing leaves this machine.</p></header>
${renderChooser(view)}
${person === undefined ? '<main><p>Choose a person to open the conversation.</p></main>' : renderConversation(view, person)}
<p id="notice" role="status" aria-live="polite"></p>
</body>
</html>`;
}

function renderChooser(view: PhoneView): string {
  const options = view.pages
    .map(
      (page) => `<option value="${page.id}"${page === view.page ? ' selected' : ''}>${escapeHtml(page.name)}</option>`,
    )
    .join('');
  const known = view.people.map(({ name }) => `<option value="${escapeHtml(name)}"></option>`).join('');
  const ref = view.ref === undefined ? '' : `<input type="hidden" name="ref" value="${escapeHtml(view.ref)}">`;
  return `<form class="chooser" method="post" action="${escapeHtml(view.base)}/choose" aria-label="Who is on the phone">
<label>Page <select name="page" data-testid="page-select">${options}</select></label>
<label>Person <input name="name" data-testid="person-name" list="people" required maxlength="40" autocomplete="off" value="${escapeHtml(view.person?.name ?? 'ann')}"></label>
<datalist id="people">${known}</datalist>${ref}
<button type="submit" data-testid="choose">Open</button>
</form>`;
}

function renderConversation(view: PhoneView, person: Person): string {
  const { page } = view;
  return `<main id="phone" data-base="${escapeHtml(view.base)}" data-page="${page.id}" data-person="${escapeHtml(view.handle ?? '')}" data-ref="${escapeHtml(view.ref ?? '')}" data-started="${person.started}">
<h2>${escapeHtml(page.name)}</h2>
<section id="thread" data-testid="thread" role="log" aria-live="polite" aria-label="Conversation" tabindex="0">${renderThread(person)}</section>
<form id="composer" data-testid="composer">
<label class="grow"><span class="hidden">Message</span><input id="text" data-testid="compose" autocomplete="off" maxlength="1999" placeholder="Aa"></label>
<button type="submit" data-testid="send">Send</button>
</form>
<details><summary>More</summary>
<button type="button" data-act="reaction" data-testid="react">React to the last message</button>
<button type="button" data-act="block" data-testid="block">Block this Page</button>
<button type="button" data-act="unblock" data-testid="unblock">Unblock this Page</button>
</details>
</main>`;
}

/** The part that polling replaces: greeting or thread, then quick replies, Get Started and the menu. */
export function renderThread(person: Person): string {
  const { page, thread } = person;
  const configured = isObject(page.profile['get_started']);
  const last = thread[thread.length - 1];
  const parts = [renderGreeting(person), ...thread.map(renderEntry)];
  if (last?.fromPage === true) parts.push(renderQuickReplies(last));
  if (!person.started) {
    parts.push(
      configured
        ? '<button type="button" class="start" data-act="start" data-testid="start">Get Started</button>'
        : '<p class="hint">This Page has no Get Started button. Write a message to begin.</p>',
    );
  } else parts.push(renderMenu(page));
  if (person.blocked) parts.push('<p class="hint" data-testid="blocked">You blocked this Page.</p>');
  return parts.join('\n');
}

function renderGreeting(person: Person): string {
  if (person.thread.length > 0) return '';
  const greeting = listOf(person.page.profile['greeting']).find(isDefaultLocale);
  const text = isObject(greeting) ? (textOf(greeting['text']) ?? '') : '';
  const profile = profileOf(person);
  const filled = text
    .replaceAll('{{user_first_name}}', profile.first_name)
    .replaceAll('{{user_last_name}}', profile.last_name)
    .replaceAll('{{user_full_name}}', `${profile.first_name} ${profile.last_name}`);
  return filled === '' ? '' : `<p class="hint">${escapeHtml(filled)}</p>`;
}

export const isDefaultLocale = (item: unknown): boolean => isObject(item) && item['locale'] === 'default';

function renderEntry(entry: ThreadEntry): string {
  const message = messageOf(entry);
  const side = entry.fromPage ? 'page' : 'person';
  const who = entry.fromPage ? 'Page' : 'You';
  const content = message === undefined ? '<p class="hint">(no longer kept)</p>' : renderContent(message, entry.mid);
  return `<article class="message ${side}" data-testid="message" data-mid="${escapeHtml(entry.mid)}" data-from="${side}" aria-label="${who}">${content}</article>`;
}

function renderContent(message: Json, mid: string): string {
  const text = textOf(message['text']);
  if (text !== undefined) return `<p>${escapeHtml(text)}</p>`;
  const attachments = message['attachment'] === undefined ? listOf(message['attachments']) : [message['attachment']];
  if (attachments.length > 0) return attachments.map((attachment) => renderAttachment(attachment, mid)).join('');
  const template = message['template'];
  return isObject(template) ? `<p>Template: ${escapeHtml(textOf(template['name']) ?? '')}</p>` : '';
}

function renderAttachment(attachment: unknown, mid: string): string {
  if (!isObject(attachment)) return '';
  const payload = isObject(attachment['payload']) ? attachment['payload'] : {};
  if (attachment['type'] !== 'template') return renderBox(textOf(attachment['type']) ?? 'file');
  if (payload['template_type'] === 'notification_messages') return renderOptIn(payload, mid);
  const text = textOf(payload['text']);
  const elements = listOf(payload['elements']);
  const own = text === undefined ? '' : `<p>${escapeHtml(text)}</p>`;
  return (
    own +
    renderButtons(payload['buttons'], mid, -1) +
    elements.map((item, index) => renderElement(item, mid, index)).join('')
  );
}

const renderBox = (label: string): string =>
  `<div class="box" role="img" aria-label="${escapeHtml(label)}">${escapeHtml(label)}</div>`;

function renderElement(element: unknown, mid: string, index: number): string {
  if (!isObject(element)) return '';
  const image = element['image_url'] === undefined && element['media_type'] === undefined ? '' : renderBox('image');
  const title = textOf(element['title']);
  const subtitle = textOf(element['subtitle']);
  return `<div class="element" data-testid="element-${index}">${image}${title === undefined ? '' : `<p><strong>${escapeHtml(title)}</strong></p>`}${subtitle === undefined ? '' : `<p>${escapeHtml(subtitle)}</p>`}${renderButtons(element['buttons'], mid, index)}</div>`;
}

function renderButtons(buttons: unknown, mid: string, element: number): string {
  return listOf(buttons)
    .map((button, index) => (isObject(button) ? renderButton(button, { mid, element, index }) : ''))
    .join('');
}

function renderButton(button: Json, at: { mid: string; element: number; index: number }): string {
  const title = escapeHtml(textOf(button['title']) ?? (button['type'] === 'account_link' ? 'Log in' : 'Log out'));
  const url = textOf(button['url']) ?? '';
  if (button['type'] === 'web_url' && /^https?:\/\//.test(url)) {
    return `<a class="button" data-testid="button-${at.index}" href="${escapeHtml(url)}" target="_blank" rel="noopener noreferrer">${title}</a>`;
  }
  return `<button type="button" class="button" data-act="tap" data-testid="button-${at.index}" data-mid="${escapeHtml(at.mid)}" data-element="${at.element}" data-index="${at.index}">${title}</button>`;
}

function renderOptIn(payload: Json, mid: string): string {
  const label = (textOf(payload['notification_messages_cta_text']) ?? 'ALLOW').replaceAll('_', ' ').toLowerCase();
  return `<p>${escapeHtml(textOf(payload['title']) ?? '')}</p><button type="button" class="button" data-act="tap" data-testid="button-0" data-mid="${escapeHtml(mid)}" data-element="-1" data-index="0">${escapeHtml(label)}</button>`;
}

function renderQuickReplies(entry: ThreadEntry): string {
  const replies = listOf(messageOf(entry)?.['quick_replies']);
  if (replies.length === 0) return '';
  const buttons = replies.map((reply, index) => {
    const title = isObject(reply) ? (textOf(reply['title']) ?? textOf(reply['content_type']) ?? '') : '';
    return `<button type="button" class="quick" data-act="quick_reply" data-testid="quick-reply" data-mid="${escapeHtml(entry.mid)}" data-index="${index}">${escapeHtml(title)}</button>`;
  });
  return `<div class="quick-replies" role="group" aria-label="Quick replies">${buttons.join('')}</div>`;
}

function renderMenu(page: GraphPage): string {
  const items = menuItems(page);
  if (items.length === 0) return '';
  const buttons = items.map((item, index) => {
    const title = escapeHtml(textOf(item['title']) ?? '');
    const url = textOf(item['url']) ?? '';
    return item['type'] === 'web_url' && /^https?:\/\//.test(url)
      ? `<a class="button" data-testid="menu-item" href="${escapeHtml(url)}" target="_blank" rel="noopener noreferrer">${title}</a>`
      : `<button type="button" class="button" data-act="menu" data-testid="menu-item" data-index="${index}">${title}</button>`;
  });
  return `<nav class="menu" data-testid="menu" aria-label="Menu of the Page">${buttons.join('')}</nav>`;
}

/** The items of the default locale's persistent menu. */
export function menuItems(page: GraphPage): Json[] {
  const menu = listOf(page.profile['persistent_menu']).find(isDefaultLocale);
  return isObject(menu) ? listOf(menu['call_to_actions']).filter(isObject) : [];
}
