export { makeApplyRetention, type ApplyRetentionDeps } from './apply-retention';
export { makePreviewRetention, type RetentionPreview } from './preview-retention';
