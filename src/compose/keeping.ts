import type { AppendDeps } from '../domain/consent';
import type { PageDeps } from '../domain/pages';
import { makeForgetEnded, makeKeepEnded } from '../domain/restore';
import { composeAccounts, type AccountsPort } from './accounts';
import { composeBackups } from './backups';
import { composeErasure } from './erasure';
import type { Infrastructure } from './infrastructure';
import { composeProofs } from './proofs';
import { composeRecipients } from './recipients';

/** Wires what is handed out of what is kept, and what ends it. */
export function composeKeeping(
  infrastructure: Infrastructure,
  append: AppendDeps,
  { pageDeps, ...port }: Omit<AccountsPort, 'dropBackupFiles' | 'graph'> & { readonly pageDeps: PageDeps },
) {
  const exports = composeProofs(infrastructure, append);
  const { accountKey } = port;
  const { ofRange } = exports.proofs;
  const backups = composeBackups(infrastructure, { accountKey, logOrigin: append.logOrigin, ofRange, pageDeps });
  const withFiles = { ...port, graph: pageDeps.graph, dropBackupFiles: backups.dropFiles };
  return {
    exports,
    backups,
    erasure: composeErasure(infrastructure, append, withFiles),
    accounts: composeAccounts(infrastructure, append, withFiles),
    recipients: composeRecipients(infrastructure),
    restores: {
      sweeps: [{ name: 'keep-ended', run: makeKeepEnded(infrastructure) }],
      housekeeping: [{ name: 'forget-ended', run: makeForgetEnded(infrastructure) }],
    },
  };
}
