export type { MailContent, MailKind, MailOutcome, MailSender } from './mail.types';
export {
  makeListMails,
  makeOpenOutbox,
  makeSendMail,
  makeWipeMails,
  type Letter,
  type MailView,
  type OutboxDeps,
  type Post,
} from './outbox';
