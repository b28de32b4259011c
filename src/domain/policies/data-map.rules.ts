import { ACCOUNT_STORES } from './account-stores.rules';
import { PAGE_STORES } from './page-stores.rules';
import type { FieldGroup, Store } from './data-map.types';
import { PEOPLE_STORES } from './people-stores.rules';
import { PLACE_STORES } from './place-stores.rules';
import { PROGRAM_STORES } from './program-stores.rules';
import { TRACE_STORES } from './trace-stores.rules';

/** Every place where the program keeps something, with what it is, why, in which form and how long. */
export const DATA_MAP: readonly Store[] = [
  ...PEOPLE_STORES,
  ...TRACE_STORES,
  ...ACCOUNT_STORES,
  ...PAGE_STORES,
  ...PROGRAM_STORES,
  ...PLACE_STORES,
];

export const namesOf = ({ fields }: FieldGroup): string[] => fields.split(' ');

export const fieldsOf = ({ groups }: Store): string[] => groups.flatMap(namesOf);
