import type { FieldError } from '../../kernel/errors';
import { addressOfHost, isLoopbackAddress, isPublicAddress } from '../../kernel/public-address';

export const MOST_ENDPOINT_CHARACTERS = 2_000;

/** Names that never lead to somebody on the internet (RFC 6761, RFC 6762, RFC 8375). */
const LOCAL_NAME = /(^|\.)(localhost|local|internal|home\.arpa|localdomain)\.?$/i;

const refused = (detail: string): FieldError[] => [{ pointer: '/endpoint', detail }];

/**
 * What is wrong with an endpoint by its text. Where its name leads is checked again each time it is called, for names are led elsewhere.
 *
 * @param onLoopback whether an address of this machine is allowed, over plain http too: for trying it out
 */
export function checkEndpoint(endpoint: string, onLoopback: boolean): FieldError[] {
  if (endpoint.length > MOST_ENDPOINT_CHARACTERS || !URL.canParse(endpoint)) return refused('must be an address');
  const url = new URL(endpoint);
  const address = addressOfHost(url);
  const isLoopback = url.hostname === 'localhost' || (address !== null && isLoopbackAddress(address));
  const isAllowedHere = onLoopback && isLoopback;
  if (url.protocol !== 'https:' && !(isAllowedHere && url.protocol === 'http:')) return refused('must begin with https://');
  if (url.username !== '' || url.password !== '') return refused('must hold no user name or password');
  if (url.hash !== '') return refused('must hold no part behind #: it would not be sent');
  if (isAllowedHere) return [];
  const isPublic = address === null ? !LOCAL_NAME.test(url.hostname) : isPublicAddress(address);
  return isPublic ? [] : refused('must lead to a public address');
}
