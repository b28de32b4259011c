export { FOOTPRINT_BUDGET_MS, makeCheckFootprint } from './check-footprint';
export { dataDirectory, databaseFootprint, databaseTables } from './database.store';
export type { CheckedFootprint, FootprintStore, SizedStore, StoreFootprint } from './footprint.types';
export { makeScanFootprint } from './scan-footprint';
