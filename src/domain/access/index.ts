export type { AccessAnswer, AccessRecord, AccessSection } from './access.types';
export {
  makeAccessForAccount,
  makeAccessForPerson,
  makeAccessOfMany,
  type AccessDeps,
  type AccessInput,
  type AccessOfLead,
} from './read-access';
