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
  const isHere = onLoopback && isLoopback(url);
  if (url.protocol !== 'https:' && !(isHere && url.protocol === 'http:')) return refused('must begin with https://');
  if (url.username !== '' || url.password !== '') return refused('must hold no user name or password');
  if (url.hash !== '') return refused('must hold no part behind #: it would not be sent');
  return isHere ? [] : checkPlace(url);
}

function checkPlace(url: URL): FieldError[] {
  // Another port is another service, which may be one that was never meant for the internet.
  if (url.port !== '') return refused('must name no port other than 443');
  return isPublic(url) ? [] : refused('must lead to a public address');
}

function isLoopback(url: URL): boolean {
  const address = addressOfHost(url);
  return url.hostname === 'localhost' || (address !== null && isLoopbackAddress(address));
}

function isPublic(url: URL): boolean {
  const address = addressOfHost(url);
  return address === null ? !LOCAL_NAME.test(url.hostname) : isPublicAddress(address);
}
