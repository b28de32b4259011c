export { makeApplyRestore, type ApplyRestoreInput } from './apply-restore';
export { makeForgetEnded, makeKeepEnded } from './keep-ended';
export { makeExamineRestore } from './examine-restore';
export { isServable, requireServable, type ServableDeps } from './require-servable';
export { databaseSetBack, programRuns, type RestoreErrorCode } from './restore.errors';
export { findInstallation } from './restore.store';
export type { RestoreDeps, RestorePlan, RestoreResult } from './restore.types';
