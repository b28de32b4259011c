import type { GraphRefusal, PageCall, PageGraph } from './page-graph.types';
import {
  LOST_WITHOUT_RECOMMENDED,
  MINIMAL_FIELDS,
  pageProfile,
  profileSha256,
  RECOMMENDED_FIELDS,
} from './page-setup.rules';
import type { MetaFault, PageSetup } from './pages.types';

const INVALID_TOKEN_CODE = 190;

/**
 * Brings Meta's side of a Page to what the product needs. Every step replaces what was there, so it may run any
 * number of times; a step that fails is reported and costs the other one nothing.
 */
export async function setUpPage(graph: PageGraph, call: PageCall, pageName: string): Promise<PageSetup> {
  const profile = await graph.setProfile(call, pageProfile(pageName));
  const subscription = await subscribe(graph, call);
  const faults: PageSetup['faults'] = [
    ...(profile.ok ? [] : [{ step: 'profile' as const, ...toMetaFault(profile) }]),
    ...(subscription.fault === null ? [] : [{ step: 'subscription' as const, ...toMetaFault(subscription.fault) }]),
  ];
  const failed = !profile.ok || subscription.subscribedFields.length === 0;
  const worked = subscription.lostFields.length > 0 ? 'reduced' : 'complete';
  return {
    state: failed ? 'failed' : worked,
    subscribedFields: subscription.subscribedFields,
    lostFields: subscription.lostFields,
    faults,
    ...(profile.ok ? { profile: profileSha256(pageName) } : {}),
  };
}

interface Subscription {
  readonly subscribedFields: readonly string[];
  readonly lostFields: readonly string[];
  readonly fault: GraphRefusal | null;
}

async function subscribe(graph: PageGraph, call: PageCall): Promise<Subscription> {
  const full = await graph.subscribe(call, RECOMMENDED_FIELDS);
  if (full.ok) return { subscribedFields: RECOMMENDED_FIELDS, lostFields: [], fault: null };
  const shorterMayWork = full.code !== null && full.code !== INVALID_TOKEN_CODE;
  const minimal = shorterMayWork ? await graph.subscribe(call, MINIMAL_FIELDS) : full;
  if (minimal.ok) return { subscribedFields: MINIMAL_FIELDS, lostFields: LOST_WITHOUT_RECOMMENDED, fault: full };
  return { subscribedFields: [], lostFields: RECOMMENDED_FIELDS, fault: minimal };
}

export const toMetaFault = ({ code, subcode, message }: GraphRefusal): MetaFault => ({
  metaCode: code,
  metaSubcode: subcode,
  message,
});
