import type { BundleKind } from './manifest.rules';

/** How many messages of one person are in a bundle, and how many were authorised. */
export interface MessageCounts {
  readonly shown: number;
  readonly inAll: number;
}

/**
 * Which messages are not in the bundle, for its readers; null when none is left out.
 *
 * @param counts for a bundle about a person; others say the same whatever the number
 */
export function leftOutText(kind: BundleKind, counts: MessageCounts = { shown: 0, inAll: 0 }): string | null {
  const { shown, inAll } = counts;
  switch (kind) {
    case 'lead':
      return shown >= inAll
        ? null
        : `The newest ${shown} of ${inAll} messages to this person are in this bundle; ask for single messages or a broadcast for others.`;
    case 'message':
      return 'Of all messages to this person only the one that was asked for is in this bundle.';
    case 'broadcast':
      return 'Of each person there is the whole chain of entries and the message of this broadcast, and no other message.';
    case 'audit':
      return 'Of each person there is the whole chain of entries, and of the messages those authorised in this time, the newest 100; ask for a broadcast for all of its messages.';
  }
}

const BY_HAND = `verify-by-hand.sh checks levels 1 and 2 and the commitments with OpenSSL 3 and coreutils alone: unpack, and run it inside the folder.

`;

const VIEWS = `views/ is for reading. It is made from the rest and proves nothing.
`;

/** What lies on top of every bundle. @param isByHand whether the script for one person lies in it */
export const readmeText = (
  leftOut: string | null,
  isByHand: boolean,
): string => `This is a proof bundle of an Assent log: who agreed to get messages from a Page, and what was sent to them on that.
${leftOut === null ? '' : `\n${leftOut}\n`}
To check it, get two things by another way than this bundle:
  - assent-verify.mjs, published beside the project with its SHA-256 (VERIFIER-SHA256 says which one belongs to this release)
  - the key of the log, from the operator or from whoever audits it
Then:  node assent-verify.mjs --key <key> <this file>

${isByHand ? BY_HAND : ''}manifest.json names every file with its SHA-256, and manifest.note signs it.
${isByHand ? VIEWS : ''}keys/ says what the log claims to be. Never take the key from there: whoever forged the bundle would have put theirs.

The people in here are protected by law. Keep this file as long as you need it, and no longer.
`;

const nameOf = (vkey: string): string => vkey.split('+')[0] ?? '';

/** The log and the witnesses it is configured with, any of whom will do. Claims, for comparison only. Source: C2SP tlog-policy, checked 2026-11-26. */
export function policyText(vkey: string, witnesses: readonly string[]): string {
  const names = witnesses.map(nameOf);
  const [only] = names;
  const lines = [`log ${vkey}`, ...witnesses.map((witness) => `witness ${nameOf(witness)} ${witness}`)];
  if (names.length > 1) lines.push(`group any-witness any ${names.join(' ')}`, 'quorum any-witness');
  else lines.push(`quorum ${only ?? 'none'}`);
  return `${lines.join('\n')}\n`;
}
