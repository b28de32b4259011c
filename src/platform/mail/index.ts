export { smtpSender, type SmtpSettings } from './smtp-sender';
