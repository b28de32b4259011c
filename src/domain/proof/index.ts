export { makeAuditLedger } from './audit';
export type { AuditResult, Finding } from './audit.types';
export { makeExpireExports, makeListExports } from './export-record';
export type { ExportView } from './export.store';
export { makeBroadcastProofs, makeRangeProofs, type StreamForm } from './many-bundles';
export { makeLeadBundle, makeMessageBundle, type BundleDeps, type BundleForm } from './person-bundle';
export type { ProofErrorCode } from './proof.errors';
export { makeShowReceipt, type Receipt, type ReceiptEntry } from './receipt';
