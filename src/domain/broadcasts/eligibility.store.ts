import { LIVE_MARKETING_TOKENS } from './eligibility.rules';

const LIVE_TOKENS_SQL = LIVE_MARKETING_TOKENS.map((state) => `'${state}'`).join(', ');

/** Aliases of `lead` and `page` in the caller's statement, and its parameters as `$n`. */
export interface EligibilityAliases {
  readonly lead: string;
  readonly page: string;
  /** timestamptz parameter. */
  readonly now: string;
  /** timestamptz parameters of `windowEdges`; the ad edge may be null. */
  readonly standardEdge: string;
  readonly adEdge: string;
}

export interface EligibilitySql {
  /** text: why the lead is skipped, null when it is eligible. */
  readonly reason: string;
  /** text: the path by which it may be written to, null when it is skipped. */
  readonly path: string;
  /** text: the legal basis of an eligible lead, null when it is skipped. */
  readonly basis: string;
  /** boolean, never null: Meta's window is open. */
  readonly windowOpen: string;
}

/** Whether Meta's window is open, as a boolean expression that is never null. */
export function windowOpenSql({
  lead: l,
  standardEdge,
  adEdge,
}: Pick<EligibilityAliases, 'lead' | 'standardEdge' | 'adEdge'>): string {
  return `(coalesce(${l}.last_inbound_at > ${standardEdge}::timestamptz, false) or coalesce(${l}.last_ad_message_at > ${adEdge}::timestamptz, false))`;
}

/**
 * `decideEligibility` as SQL expressions, the only such text: preflight, freeze and claim all use it.
 *
 * A caller that left-joins the lead must deal with a missing one itself.
 */
export function eligibilitySql(aliases: EligibilityAliases): EligibilitySql {
  const { lead: l, page: p, now } = aliases;
  const windowOpen = windowOpenSql(aliases);
  const reason = `case
      when ${l}.restricted_at is not null then 'restricted'
      when ${l}.status = 'unsubscribed' then 'unsubscribed'
      when ${l}.status = 'suppressed' then 'suppressed'
      when ${l}.status <> 'subscribed' or ${l}.consent_entry is null then 'no_consent'
      when ${l}.notice_shown_at is null then 'notice_not_shown'
      when ${l}.unreachable_at is not null then 'unreachable'
      when ${windowOpen} then null
      when ${l}.marketing_token_state in (${LIVE_TOKENS_SQL})
        and (${l}.marketing_token_expires_at is null or ${l}.marketing_token_expires_at > ${now}::timestamptz)
        then 'path_not_configured'
      else 'window_closed'
    end`;
  return {
    reason,
    path: `case when (${reason}) is null then 'standard' end`,
    basis: `case when (${reason}) is null then ${p}.basis end`,
    windowOpen,
  };
}
