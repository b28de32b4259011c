import winston from 'winston';
import type { Log, LogFields } from '../../kernel/log';
import { allowedFields } from './log-fields';

/** Writes one JSON object a line to standard error, so that standard output stays for what a person or script reads. */
export function openLog(level: 'error' | 'warn' | 'info' | 'debug'): Log & { close(): Promise<void> } {
  const logger = winston.createLogger({
    level,
    format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
    transports: [new winston.transports.Stream({ stream: process.stderr })],
  });
  const write =
    (severity: string) =>
    (name: string, fields: LogFields = {}) => {
      logger.log({ level: severity, message: name, ...allowedFields(fields) });
    };
  return {
    event: write('info'),
    warn: write('warn'),
    error: write('error'),
    close: () =>
      new Promise((resolve) => {
        logger.once('finish', resolve);
        logger.end();
      }),
  };
}
