import type { FieldError } from '../../kernel/errors';
import type { Scope } from './accounts.types';

export const SCOPES = [
  'pages:read',
  'pages:write',
  'leads:read',
  'leads:write',
  'broadcasts:read',
  'broadcasts:write',
  'broadcasts:launch',
  'proofs:export',
  'erase',
  'account:admin',
] as const satisfies readonly Scope[];

/** RFC 5321 4.5.3.1.3: a path has at most 256 octets, two of them the angle brackets. */
const EMAIL_MAX_CHARACTERS = 254;
const NAME_MAX_CHARACTERS = 100;
// eslint-disable-next-line no-control-regex -- a control character in a name or address is never meant
const CONTROL = /[\u0000-\u001f\u007f]/;

/** The form under which two spellings of one address meet. */
export const comparableEmail = (email: string): string => email.trim().normalize('NFC').toLowerCase();

export function checkAccount(email: string, name: string): FieldError[] {
  const errors: FieldError[] = [];
  const address = email.trim();
  if (address.length > EMAIL_MAX_CHARACTERS || CONTROL.test(address) || !/^[^\s@]+@[^\s@]+$/.test(address)) {
    errors.push({ pointer: '/email', detail: 'must be an e-mail address' });
  }
  const title = name.trim();
  if (title === '' || title.length > NAME_MAX_CHARACTERS || CONTROL.test(title)) {
    errors.push({ pointer: '/name', detail: `must have 1 to ${NAME_MAX_CHARACTERS} characters` });
  }
  return errors;
}

const isScope = (text: string): text is Scope => (SCOPES as readonly string[]).includes(text);

export type CheckedScopes =
  | { readonly ok: true; readonly scopes: readonly Scope[] }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/** Unknown scopes are refused and not ignored: a typing error must not make a weaker key than its owner believes. */
export function checkScopes(requested: readonly string[]): CheckedScopes {
  if (requested.length === 0)
    return { ok: false, errors: [{ pointer: '/scopes', detail: 'needs at least one scope' }] };
  const errors = requested.flatMap((scope, index) =>
    isScope(scope) ? [] : [{ pointer: `/scopes/${index}`, detail: `must be one of ${SCOPES.join(', ')}` }],
  );
  if (errors.length > 0) return { ok: false, errors };
  return { ok: true, scopes: SCOPES.filter((scope) => requested.includes(scope)) };
}

export function checkExpiry(expiresAt: Date | null, now: Date): FieldError[] {
  if (expiresAt === null || expiresAt.getTime() > now.getTime()) return [];
  return [{ pointer: '/expires_at', detail: 'must lie in the future' }];
}
