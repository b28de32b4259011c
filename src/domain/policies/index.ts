export { DATA_MAP, fieldsOf } from './data-map.rules';
export type { FieldGroup, Store } from './data-map.types';
