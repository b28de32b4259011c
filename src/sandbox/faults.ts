import { z } from 'zod';
import type { GraphFault } from './graph-errors';
import type { Limits } from './sandbox.types';

const named = z.enum([
  'lose_answer',
  'lose_request',
  'slow',
  'http_500_no_envelope',
  'http_500_after_processing',
  'no_message_id',
  'no_echo',
]);
const graphAnswer = z.strictObject({
  status: z.number().int().min(200).max(599).default(400),
  code: z.number().int(),
  subcode: z.number().int().optional(),
  message: z.string().default('(#1) An unknown error occurred'),
  headers: z.record(z.string(), z.string()).optional(),
});

export const faultRuleSchema = z.strictObject({
  match: z
    .strictObject({
      page_id: z.string().optional(),
      psid: z.string().optional(),
      /** Last part of the path: `messages` unless told. */
      endpoint: z.string().default('messages'),
      every: z.number().int().min(1).default(1),
      times: z.number().int().min(1).optional(),
    })
    .prefault({}),
  answer: z.union([named, graphAnswer, z.strictObject({ slow_ms: z.number().int().min(0) })]),
  ms: z.number().int().min(0).optional(),
});
export const webhookFaultsSchema = z.strictObject({
  /** Extra copies of every event. */
  duplicate: z.number().int().min(0).max(20).default(0),
  /** Events are held until so many are there (or 100 ms passed) and leave in reverse. */
  reorder_window: z.number().int().min(0).max(1000).default(0),
  drop_every: z.number().int().min(0).default(0),
  /** Only events that came by these subscribed fields. */
  fields: z.array(z.string()).optional(),
});
const limitsSchema = z.strictObject({
  calls_per_second: z.number().int().min(0).optional(),
  media_calls_per_second: z.number().int().min(0).optional(),
  conversation_calls_per_second: z.number().int().min(0).optional(),
  freeze_above_per_second: z.number().int().min(0).optional(),
  profile_calls_per_10_min: z.number().int().min(0).optional(),
  ad_window_hours: z.number().min(0).optional(),
});
export const faultsSchema = z.union([
  faultRuleSchema,
  z.strictObject({
    rules: z.array(faultRuleSchema).optional(),
    webhooks: webhookFaultsSchema.optional(),
    limits: limitsSchema.optional(),
  }),
]);

type FaultRule = z.infer<typeof faultRuleSchema>;
export type WebhookFaults = z.infer<typeof webhookFaultsSchema>;
export type FaultsInput = z.infer<typeof faultsSchema>;

/** All that the matching rules ask for, together. The first answer among them wins. */
export interface FaultEffects {
  slowMs: number;
  loseRequest: boolean;
  loseAnswer: boolean;
  answer: GraphFault | 'http_500' | undefined;
  http500AfterProcessing: boolean;
  noMessageId: boolean;
  noEcho: boolean;
}

interface Armed {
  readonly rule: FaultRule;
  seen: number;
  hits: number;
}

const NO_WEBHOOK_FAULTS: WebhookFaults = { duplicate: 0, reorder_window: 0, drop_every: 0 };

/** Disturbances on demand. Rules compose: each that matches a call adds its effect. */
export class Faults {
  webhooks: WebhookFaults = NO_WEBHOOK_FAULTS;
  limits: Limits;
  private rules: Armed[] = [];

  constructor(private readonly defaults: Limits) {
    this.limits = { ...defaults };
  }

  get active(): boolean {
    return this.rules.length > 0;
  }

  apply(input: FaultsInput): void {
    if ('answer' in input) {
      this.rules.push({ rule: input, seen: 0, hits: 0 });
      return;
    }
    if (input.rules !== undefined) this.rules = input.rules.map((rule) => ({ rule, seen: 0, hits: 0 }));
    if (input.webhooks !== undefined) this.webhooks = input.webhooks;
    if (input.limits !== undefined) this.applyLimits(input.limits);
  }

  private applyLimits(limits: z.infer<typeof limitsSchema>): void {
    this.limits = {
      callsPerSecond: limits.calls_per_second ?? this.limits.callsPerSecond,
      mediaCallsPerSecond: limits.media_calls_per_second ?? this.limits.mediaCallsPerSecond,
      conversationCallsPerSecond: limits.conversation_calls_per_second ?? this.limits.conversationCallsPerSecond,
      freezeAbovePerSecond: limits.freeze_above_per_second ?? this.limits.freezeAbovePerSecond,
      profileCallsPer10Min: limits.profile_calls_per_10_min ?? this.limits.profileCallsPer10Min,
      adWindowHours: limits.ad_window_hours ?? this.limits.adWindowHours,
    };
  }

  clear(): void {
    this.rules = [];
    this.webhooks = NO_WEBHOOK_FAULTS;
    this.limits = { ...this.defaults };
  }

  list(): unknown {
    return {
      rules: this.rules.map(({ rule, seen, hits }) => ({ ...rule, seen, hits })),
      webhooks: this.webhooks,
      limits: this.limits,
    };
  }

  effectsOf(call: { endpoint: string; pageId: string; psid?: string | undefined }): FaultEffects {
    const effects: FaultEffects = {
      slowMs: 0,
      loseRequest: false,
      loseAnswer: false,
      answer: undefined,
      http500AfterProcessing: false,
      noMessageId: false,
      noEcho: false,
    };
    for (const armed of this.rules) {
      if (strikes(armed, call)) addEffect(effects, armed.rule);
    }
    return effects;
  }
}

function strikes(armed: Armed, call: { endpoint: string; pageId: string; psid?: string | undefined }): boolean {
  const { match } = armed.rule;
  if (match.endpoint !== call.endpoint) return false;
  if (match.page_id !== undefined && match.page_id !== call.pageId) return false;
  if (match.psid !== undefined && match.psid !== call.psid) return false;
  armed.seen += 1;
  if (armed.seen % match.every !== 0) return false;
  if (match.times !== undefined && armed.hits >= match.times) return false;
  armed.hits += 1;
  return true;
}

type NamedFault = z.infer<typeof named>;

const NAMED_EFFECTS: Readonly<Record<NamedFault, (effects: FaultEffects, rule: FaultRule) => void>> = {
  slow: (effects, rule) => (effects.slowMs += rule.ms ?? 1_000),
  lose_request: (effects) => (effects.loseRequest = true),
  lose_answer: (effects) => (effects.loseAnswer = true),
  http_500_no_envelope: (effects) => (effects.answer ??= 'http_500'),
  http_500_after_processing: (effects) => (effects.http500AfterProcessing = true),
  no_message_id: (effects) => (effects.noMessageId = true),
  no_echo: (effects) => (effects.noEcho = true),
};

function addEffect(effects: FaultEffects, rule: FaultRule): void {
  const { answer } = rule;
  if (typeof answer === 'string') NAMED_EFFECTS[answer](effects, rule);
  else if ('slow_ms' in answer) effects.slowMs += answer.slow_ms;
  else effects.answer ??= answer;
}
