import type { Emitter } from './emitter';
import type { GraphAnswer } from './endpoint.types';
import type { FaultEffects, Faults } from './faults';
import {
  envelope,
  humanAgentMissing,
  invalid,
  noSuchPerson,
  outsideWindow,
  personUnavailable,
  throttled,
  type GraphFault,
} from './graph-errors';
import { newNumericId } from './identity';
import type { GraphPage, Json, Person } from './sandbox.types';
import { readSend, type SendRequest } from './send-validation';
import { isObject, textOf } from './wire-json';
import type { World } from './world';

export interface SendCall {
  readonly page: GraphPage;
  readonly body: Json | undefined;
  readonly bodyText: string;
  readonly arrivedMonotonicMs: number;
}

export interface SendSettings {
  readonly echoes: boolean;
  readonly deliveries: boolean;
  readonly reads: boolean;
  readonly acceptUnknownRecipients: boolean;
}

const DAY_MS = 86_400_000;
const ATTACHMENT_LIFE_MS = 90 * DAY_MS;
const LOST: GraphAnswer = { status: 0, body: '', destroy: true };

export const refusal = (fault: GraphFault): GraphAnswer => ({
  status: fault.status,
  body: envelope(fault),
  headers: fault.headers,
});
export const html500: GraphAnswer = {
  status: 500,
  body: '<html><body>Sorry, something went wrong.</body></html>',
  headers: { 'content-type': 'text/html; charset=utf-8' },
};

/** The Send API behind its token check: limits, faults, the form of the body, then whether this person may be reached. */
export class SendEndpoint {
  constructor(
    private readonly world: World,
    private readonly faults: Faults,
    private readonly emitter: Emitter,
    private readonly settings: SendSettings,
  ) {}

  answer(call: SendCall): GraphAnswer {
    const { page, body } = call;
    const effects = this.faults.active ? this.effects(page, body) : undefined;
    if (effects?.loseRequest === true) return LOST;
    const throttle = this.countCall(call);
    const answer =
      throttle !== undefined ? this.refuse(throttle) : (this.faultAnswer(effects) ?? this.process(call, effects));
    if (effects === undefined) return answer;
    if (effects.loseAnswer) return { ...LOST, delayMs: effects.slowMs };
    return { ...(effects.http500AfterProcessing ? html500 : answer), delayMs: effects.slowMs };
  }

  private effects(page: GraphPage, body: Json | undefined): FaultEffects {
    const recipient = body?.['recipient'];
    const psid = isObject(recipient) ? textOf(recipient['id']) : undefined;
    return this.faults.effectsOf({ endpoint: 'messages', pageId: page.id, psid });
  }

  /** Refused calls count too: calling on while throttled lengthens it. Source: Graph API rate limiting. */
  private countCall({ page, body, arrivedMonotonicMs }: SendCall): GraphFault | undefined {
    const { limits } = this.faults;
    const calls = page.sends.add(arrivedMonotonicMs);
    if (limits.callsPerSecond > 0 && calls > limits.callsPerSecond) {
      return throttled(613, page.id, Math.round((calls * 100) / limits.callsPerSecond));
    }
    if (limits.freezeAbovePerSecond > 0 && calls > limits.freezeAbovePerSecond) return throttled(80006, page.id, 100);
    if (!isMedia(body)) return undefined;
    const media = page.mediaSends.add(arrivedMonotonicMs);
    return limits.mediaCallsPerSecond > 0 && media > limits.mediaCallsPerSecond
      ? throttled(613, page.id, 100)
      : undefined;
  }

  private faultAnswer(effects: FaultEffects | undefined): GraphAnswer | undefined {
    if (effects?.answer === undefined) return undefined;
    this.world.refused += 1;
    return effects.answer === 'http_500' ? html500 : refusal(effects.answer);
  }

  private refuse(fault: GraphFault): GraphAnswer {
    this.world.refused += 1;
    return refusal(fault);
  }

  private process(call: SendCall, effects: FaultEffects | undefined): GraphAnswer {
    if (call.body === undefined) return this.refuse(invalid('The request body is not valid JSON'));
    const send = readSend(call.body);
    if ('code' in send) return this.refuse(send);
    const person = this.findPerson(call.page, send.psid);
    const fault = person === undefined ? noSuchPerson : this.judge(person, send);
    if (person === undefined || fault !== undefined) return this.refuse(fault ?? noSuchPerson);
    if (send.kind === 'sender_action') return { status: 200, body: `{"recipient_id":"${person.psid}"}` };
    return this.deliver(person, send, call, effects);
  }

  private findPerson(page: GraphPage, psid: string): Person | undefined {
    const known = page.people.get(psid);
    if (known !== undefined) return known.started ? known : undefined;
    if (!this.settings.acceptUnknownRecipients || !/^\d{5,20}$/.test(psid)) return undefined;
    const person = this.world.addPerson(page, '', psid);
    person.started = true;
    person.lastInboundAtMs = this.world.nowMs();
    person.windowEndsAtMs = person.lastInboundAtMs + DAY_MS;
    return person;
  }

  private judge(person: Person, send: SendRequest): GraphFault | undefined {
    if (person.blocked) return personUnavailable;
    if (send.kind === 'sender_action') return undefined;
    if (send.tag === 'HUMAN_AGENT') return humanAgentMissing;
    if (send.messagingType === 'UTILITY') return checkTemplateKnown(person.page, send.message);
    if (this.world.nowMs() >= person.windowEndsAtMs) return outsideWindow;
    return checkAttachmentKnown(person.page, send.message, this.world.nowMs());
  }

  private deliver(person: Person, send: SendRequest, call: SendCall, effects: FaultEffects | undefined): GraphAnswer {
    const nowMs = this.world.nowMs();
    const entry = this.world.append(person, {
      mid: this.world.nextMid(),
      fromPage: true,
      atMs: this.world.steadyMs() - (this.world.clock.monotonicMs() - call.arrivedMonotonicMs),
      body: call.bodyText,
      metadata: textOf(send.message['metadata']),
    });
    if (this.settings.echoes && effects?.noEcho !== true) this.emitter.echo(entry, send.message, nowMs);
    if (this.settings.deliveries) this.emitter.delivery(entry, nowMs);
    if (this.settings.reads) {
      person.lastReadAtMs = nowMs;
      this.emitter.read(person, nowMs);
    }
    if (effects?.noMessageId === true) return { status: 200, body: `{"recipient_id":"${person.psid}"}` };
    const attachment = this.keepReusable(person.page, send.message, nowMs);
    return {
      status: 200,
      body: `{"recipient_id":"${person.psid}","message_id":"${entry.mid}"${attachment}}`,
    };
  }

  private keepReusable(page: GraphPage, message: Json, nowMs: number): string {
    const attachment = message['attachment'];
    if (!isObject(attachment) || !isObject(attachment['payload'])) return '';
    if (attachment['payload']['is_reusable'] !== true) return '';
    return `,"attachment_id":"${keepAttachment(page, textOf(attachment['type']) ?? '', nowMs)}"`;
  }
}

export function keepAttachment(page: GraphPage, type: string, atMs: number): string {
  const id = newNumericId();
  page.attachments.set(id, { type, atMs });
  return id;
}

export const templateKey = (name: string, language: string): string => `${name} ${language}`;

function checkTemplateKnown(page: GraphPage, message: Json): GraphFault | undefined {
  const template = message['template'];
  if (!isObject(template) || !isObject(template['language'])) return invalid('Invalid parameter');
  const key = templateKey(textOf(template['name']) ?? '', textOf(template['language']['code']) ?? '');
  return page.templates.has(key) ? undefined : invalid('Invalid parameter: the template does not exist');
}

function checkAttachmentKnown(page: GraphPage, message: Json, nowMs: number): GraphFault | undefined {
  const attachment = message['attachment'];
  if (!isObject(attachment) || !isObject(attachment['payload'])) return undefined;
  const id = textOf(attachment['payload']['attachment_id']);
  if (id === undefined) return undefined;
  const known = page.attachments.get(id);
  const alive = known !== undefined && known.type === attachment['type'] && nowMs - known.atMs < ATTACHMENT_LIFE_MS;
  return alive ? undefined : invalid('The attachment id cannot be used', 2018074);
}

function isMedia(body: Json | undefined): boolean {
  const message = body?.['message'];
  if (!isObject(message)) return false;
  const attachment = message['attachment'];
  return isObject(attachment) && (attachment['type'] === 'audio' || attachment['type'] === 'video');
}
