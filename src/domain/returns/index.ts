export { makeReturnPeople, type ReturnPeople, type ReturnPeopleDeps } from './return-people';
export { REFUSALS, type Refusal, type ReturnCounts } from './returns.types';
