import { createHash } from 'node:crypto';
import type { FieldError } from '../../kernel/errors';
import type { NoticeChange, OptInMode } from './pages.types';

/** Where a notice is shown; stands in the ledger beside its hash. */
export const NOTICE_SURFACE = 'messenger_welcome';

/** A button template's text. Source: Messenger Platform, button template reference, checked 2026-11-23. */
export const NOTICE_MAX_CHARACTERS = 640;

export const FALLBACK_LANGUAGE = 'en';
/** Every version writes each language again, and each into the ledger. */
export const MAX_NOTICE_LANGUAGES = 40;
const LANGUAGE = /^[a-z]{2,3}(_[A-Z]{2})?$/;

/**
 * C0 and C1 controls other than tab and line breaks, halves of surrogate pairs, and what turns the direction of writing:
 * PostgreSQL refuses some, and with the others a person reads another notice than the one that is hashed.
 */
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const NOT_TEXT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\p{Surrogate}]/u;
const NOT_TEXT_DETAIL = 'holds a control character, a change of writing direction or half of a character';

/** Who is talking. It opens every welcome, so no wording of an account can leave it out. */
const INTRODUCTIONS: Readonly<Record<string, (page: string) => string>> = {
  ar: (page) => `أنا المساعد الآلي لصفحة ${page}.`,
  bn: (page) => `আমি ${page}-এর স্বয়ংক্রিয় সহকারী।`,
  cs: (page) => `Jsem automatický asistent stránky ${page}.`,
  da: (page) => `Jeg er den automatiske assistent for ${page}.`,
  de: (page) => `Ich bin der automatische Assistent von ${page}.`,
  en: (page) => `I am the automated assistant of ${page}.`,
  es: (page) => `Soy el asistente automático de ${page}.`,
  fr: (page) => `Je suis l'assistant automatique de ${page}.`,
  hi: (page) => `मैं ${page} का स्वचालित सहायक हूँ।`,
  id: (page) => `Saya asisten otomatis ${page}.`,
  it: (page) => `Sono l'assistente automatico di ${page}.`,
  nl: (page) => `Ik ben de automatische assistent van ${page}.`,
  pl: (page) => `Jestem automatycznym asystentem strony ${page}.`,
  pt: (page) => `Sou o assistente automático de ${page}.`,
  ro: (page) => `Sunt asistentul automat al paginii ${page}.`,
  ru: (page) => `Я автоматический помощник страницы ${page}.`,
  sv: (page) => `Jag är den automatiska assistenten för ${page}.`,
  tr: (page) => `Ben ${page} sayfasının otomatik asistanıyım.`,
  uk: (page) => `Я автоматичний помічник сторінки ${page}.`,
  vi: (page) => `Tôi là trợ lý tự động của ${page}.`,
};

const DEFAULT_TEXT: Readonly<Record<OptInMode, string>> = {
  conversation_start:
    'We send news and offers in this chat, usually not more than once a week. Tap Unsubscribe whenever you want no more of them.',
  explicit:
    'May we send you news and offers in this chat, usually not more than once a week? You decide, and you can stop at any time.',
};

/** The wording an account gets without writing one. */
export const defaultNoticeText = (mode: OptInMode): string => DEFAULT_TEXT[mode];

/** Meta's `pt_BR`, a browser's `pt-br` and plain `pt` in the form notices are filed under. */
export function noticeLanguage(tag: string): string {
  const [language = '', region] = tag.split(/[_-]/);
  return region === undefined ? language.toLowerCase() : `${language.toLowerCase()}_${region.toUpperCase()}`;
}

/** Where to look for a person's language, best first. */
export function languagesToTry(tag: string): readonly string[] {
  const exact = noticeLanguage(tag);
  const language = exact.split('_')[0] ?? exact;
  return [...new Set([exact, language, FALLBACK_LANGUAGE])];
}

export function introduction(language: string, pageName: string): string {
  const plain = language.split('_')[0] ?? language;
  const introduce = INTRODUCTIONS[plain] ?? INTRODUCTIONS[FALLBACK_LANGUAGE];
  return introduce === undefined ? pageName : introduce(pageName);
}

/** The whole welcome wording: who talks, then what will be sent and how often. */
export const noticeBody = (language: string, pageName: string, text: string): string =>
  `${introduction(language, pageName)} ${text.trim()}`;

/** The editable part of a body; a caller may send back the whole of what it read. */
export function noticeText(language: string, pageName: string, body: string): string {
  const fixed = introduction(language, pageName);
  const trimmed = body.trim();
  return (trimmed.startsWith(fixed) ? trimmed.slice(fixed.length) : trimmed).trim();
}

export const noticeSha256 = (body: string): Buffer => createHash('sha256').update(body, 'utf8').digest();

/** The texts after a change, by language, without their fixed parts. */
export function changedTexts(
  current: ReadonlyMap<string, string>,
  change: NoticeChange,
  pageName: string,
): ReadonlyMap<string, string> {
  const next = new Map(current);
  for (const [tag, text] of Object.entries(change)) {
    const language = noticeLanguage(tag);
    if (text === null) next.delete(language);
    else next.set(language, noticeText(language, pageName, text));
  }
  return next;
}

/** The name stands in every notice, so the same characters are refused in it. */
export const checkNameInNotice = (pageName: string | undefined): FieldError[] =>
  pageName === undefined || !NOT_TEXT.test(pageName) ? [] : [{ pointer: '/name', detail: NOT_TEXT_DETAIL }];

/** Checks what a caller wrote; `pageName` is the name the notice will carry. */
export function checkNoticeChange(change: NoticeChange, pageName: string): FieldError[] {
  const faults = Object.entries(change).flatMap(([tag, text]) => {
    const pointer = `/notice/${tag.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const detail = noticeProblem(noticeLanguage(tag), text, pageName);
    return detail === null ? [] : [{ pointer, detail }];
  });
  return hasTooManyLanguages(change)
    ? [
        { pointer: '/notice', detail: `must have at most ${MAX_NOTICE_LANGUAGES} languages, English included` },
        ...faults,
      ]
    : faults;
}

function hasTooManyLanguages(change: NoticeChange): boolean {
  const written = Object.keys(change).filter((tag) => change[tag] !== null);
  return new Set([FALLBACK_LANGUAGE, ...written.map(noticeLanguage)]).size > MAX_NOTICE_LANGUAGES;
}

function noticeProblem(language: string, text: string | null, pageName: string): string | null {
  if (!LANGUAGE.test(language)) return 'must be named by a language like en or pt_BR';
  if (text === null) return language === FALLBACK_LANGUAGE ? 'the English notice cannot be removed' : null;
  const own = noticeText(language, pageName, text);
  if (own === '') return 'must say what will be sent and how often';
  const room = NOTICE_MAX_CHARACTERS - noticeBody(language, pageName, '').length;
  if (own.length > room)
    return `must have at most ${room} characters beside the fixed opening (${NOTICE_MAX_CHARACTERS} in all)`;
  return NOT_TEXT.test(own) ? NOT_TEXT_DETAIL : null;
}
