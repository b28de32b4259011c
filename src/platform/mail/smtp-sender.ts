import { createTransport } from 'nodemailer';
import type { MailContent, MailOutcome, MailSender } from '../../domain/mail/mail.types';

const CONNECT_MS = 10_000;
const SILENCE_MS = 30_000;
const PERMANENT_FROM = 500;

export interface SmtpSettings {
  /** `smtp://user:password@host:587`, or `smtps://`. */
  readonly url: string;
  readonly from: string;
}

/** What of an error of the library may be logged: it also holds addresses. */
interface SmtpFault {
  readonly code?: string;
  readonly responseCode?: number;
}

/** Sends mails over SMTP, one connection each. An address never leaves it but to the server. */
export function smtpSender({ url, from }: SmtpSettings): MailSender {
  const transport = createTransport({
    url,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const host = /@([A-Za-z0-9.-]+)>?\s*$/.exec(from)?.[1] ?? 'localhost';
  return {
    send: async (id: string, { to, subject, text }: MailContent): Promise<MailOutcome> => {
      try {
        await transport.sendMail({ from, to, subject, text, messageId: `<${id}@${host}>` });
        return { kind: 'sent' };
      } catch (error) {
        return outcomeOf(error as SmtpFault);
      }
    },
  };
}

/** Only a 5xx answer to the mail itself is final (RFC 5321 4.2.1); who may not log in is tried again, for the setting may be mended. */
function outcomeOf({ code, responseCode }: SmtpFault): MailOutcome {
  const isFinal = responseCode !== undefined && responseCode >= PERMANENT_FROM && code !== 'EAUTH';
  const word = responseCode === undefined ? (code ?? 'unknown') : String(responseCode);
  return isFinal ? { kind: 'refused', code: word } : { kind: 'unclear', code: word };
}
