export type { AccessAnswer, AccessRecord, AccessSection } from './access.types';
export { makeAccessForAccount, makeAccessForPerson, type AccessDeps, type AccessInput } from './read-access';
