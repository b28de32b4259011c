export { makeConnectPage, type ConnectedPage, type ConnectPageInput } from './connect-page';
export { makeDisconnectPage, type DisconnectedPage, type DisconnectPageInput } from './disconnect-page';
export { makeGetPage, makeListPages, ownPage, type ListPagesInput, type PageDetail, type PageList } from './find-page';
export {
  makeImportSuppressions,
  suppressionMac,
  SUPPRESSIONS_PER_IMPORT,
  type ImportedSuppressions,
  type ImportSuppressionsDeps,
  type ImportSuppressionsInput,
} from './import-suppressions';
export { NOTICE_MAX_CHARACTERS } from './notice.rules';
export { insertSuppressions } from './suppression.store';
export { noticeInForce, noticeOfVersion, noticesInForce, readNoticeBodies } from './notice.store';
export type { GraphAnswer, GraphRefusal, PageGraph } from './page-graph.types';
export { BASES, DEFAULT_RATE_PER_SECOND } from './page-settings.rules';
export {
  findPageByMetaId,
  listActivePages,
  startPagesOfAccount,
  stopPage,
  stopPagesOfAccount,
  SUBSCRIPTION_ENDED,
  type PageFaultReason,
  type StopFault,
} from './page.store';
export { pageToken, withPageRing } from './page-token';
export { makeRefreshProfiles } from './refresh-profiles';
export { makeRecheckTokens } from './recheck-tokens';
export { makeReleasePages, type ReleasedPages } from './release-pages';
export type { PageDeps } from './pages.deps.types';
export { PageTokenRefusedError, type PageErrorCode } from './pages.errors';
export type {
  AppendPageEntry,
  MetaFault,
  Notice,
  NoticeChange,
  OptInMode,
  Page,
  PageLedgerEntry,
  PageSettings,
  PageSettingsChange,
  PageSetup,
  PageState,
  PageStop,
  QuietHours,
} from './pages.types';
export { makeUpdatePage, type UpdatedPage, type UpdatePageInput } from './update-page';
