export { DATA_MAP, fieldsOf, namesOf } from './data-map.rules';
export type { FieldGroup, Store } from './data-map.types';
export { classesOf, namedFields, type PlaceKind } from './places.rules';
