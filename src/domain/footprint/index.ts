export { dataDirectory, databaseFootprint } from './database.store';
export type { FootprintStore, StoreFootprint } from './footprint.types';
export { makeScanFootprint } from './scan-footprint';
