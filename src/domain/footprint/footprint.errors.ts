import { UserError } from '../../kernel/errors';

export const valueTooShort = (least: number): UserError =>
  new UserError(
    'value_too_short',
    `a value must have at least ${String(least)} bytes: shorter ones stand everywhere by chance`,
  );
