import { RETENTION } from '../../../config/retention';
import type { About, FieldGroup, Form, Store } from './data-map.types';

export const UNTIL_ERASED =
  `Until the person is erased, or the account is deleted. A person of whom nothing was heard for ${String(RETENTION.silentMonths)} months ` +
  `is erased by then, one who left ${String(RETENTION.leftMonths)} months after that or after they were last heard of.`;
export const SECURITY_LOG = `${String(RETENTION.securityLogDays)} days, or until the account is deleted.`;
export const UNTIL_ACCOUNT = 'Until the account is deleted.';

export const table = (name: string, holds: string, retention: string, groups: readonly FieldGroup[]): Store => ({
  name,
  kind: 'table',
  holds,
  retention,
  groups,
});

/** Values of the program itself. */
export const technical = (
  fields: string,
  about: About,
  purpose = 'Numbers, states and times of the program.',
  form: Form = 'plain',
): FieldGroup => ({ fields, about, class: 'technical', form, purpose });

/** Numbers that tie rows to a person. */
export const rowNumbers = (fields: string): FieldGroup =>
  technical(
    fields,
    'person',
    'Numbers by which rows of this database find one another; they mean nothing outside of it.',
  );

export const ofNobody = (fields: string, purpose: string, form?: Form): FieldGroup =>
  technical(fields, 'nobody', purpose, form);

export const store = (
  kind: Store['kind'],
  name: string,
  holds: string,
  retention: string,
  groups: readonly FieldGroup[],
): Store => ({
  name,
  kind,
  holds,
  retention,
  groups,
});

/** Random ids that name something of an account. */
export const named = (fields: string, purpose: string): FieldGroup => ({
  fields,
  about: 'account',
  class: 'identifier',
  form: 'random',
  purpose,
});
