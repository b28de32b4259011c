export { bucketOf, psidBlindIndex } from './blind-index';
export { openField, sealField, type FieldPlace } from './field-cipher';
export { canonicalJson, parseCanonicalJson } from './jcs';
export { unwrapKey, wrapKey } from './key-wrap';
