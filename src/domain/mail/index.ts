export type { MailContent, MailKey, MailKind, MailOutcome, MailSender } from './mail.types';
export { dropMails } from './mail.store';
export {
  makeListMails,
  makePost,
  makeSendMail,
  makeWipeMails,
  type Letter,
  type MailView,
  type OutboxDeps,
  type Post,
} from './outbox';
