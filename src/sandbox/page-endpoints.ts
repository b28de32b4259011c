import { answerConversations, answerMessage } from './conversation-endpoint';
import type { EndpointContext, GraphAnswer, GraphCall } from './endpoint.types';
import { invalid, objectMissing, throttled } from './graph-errors';
import { newNumericId } from './identity';
import { deleteProfile, readProfile, writeProfile } from './profile-endpoint';
import type { GraphPage, Json } from './sandbox.types';
import { keepAttachment, refusal, templateKey } from './send-endpoint';
import { checkAttachment } from './template-validation';
import { isObject, listOf, textOf } from './wire-json';
import { profileOf, type World } from './world';

/** Names of the Page `subscribed_fields` enum that concern Messenger. Source: Facebook Business SDK v23, page.py. */
const SUBSCRIBABLE = new Set(
  (
    'messages message_deliveries message_echoes message_edits message_reads message_reactions message_context ' +
    'message_mention message_template_status_update messaging_account_linking messaging_appointments ' +
    'messaging_customer_information messaging_direct_sends messaging_feedback messaging_game_plays ' +
    'messaging_handovers messaging_in_thread_lead_form_submit messaging_integrity messaging_optins ' +
    'messaging_optouts messaging_policy_enforcement messaging_postbacks messaging_referrals response_feedback ' +
    'send_cart standby inbox_labels feed mention leadgen group_feed marketing_message_delivery_failed ' +
    'marketing_message_echoes marketing_message_deliveries marketing_message_reads marketing_message_clicks ' +
    'marketing_messages_subscriber_upload_status business_integrity'
  ).split(' '),
);
const PAGE_FIELDS = new Set(['id', 'name', 'category', 'link', 'username']);
const PERSON_FIELDS = new Set(['id', 'name', 'first_name', 'last_name', 'profile_pic', 'locale', 'timezone', 'gender']);

const json = (value: unknown): GraphAnswer => ({ status: 200, body: JSON.stringify(value) });

/** Every Graph call but sends. The token's Page is the only one it may act for. */
export function createRoutes(context: EndpointContext): (call: GraphCall) => GraphAnswer {
  return (call) => {
    const own = call.node === 'me' || call.node === call.page.id;
    if (!own) return call.edge === '' ? answerObject(context, call) : refusal(objectMissing(call.method));
    const route = `${call.method} ${call.edge}`;
    const endpoint = PAGE_ROUTES[route];
    return endpoint === undefined ? refusal(objectMissing(call.method)) : endpoint(context, call);
  };
}

type Endpoint = (context: EndpointContext, call: GraphCall) => GraphAnswer;

const PAGE_ROUTES: Readonly<Record<string, Endpoint | undefined>> = {
  'GET ': (_, call) => answerFields(call, PAGE_FIELDS, { id: call.page.id, name: call.page.name }),
  'POST subscribed_apps': subscribe,
  'GET subscribed_apps': listSubscriptions,
  'DELETE subscribed_apps': (_, call) => {
    call.page.subscribedFields = new Set();
    return json({ success: true });
  },
  'POST messenger_profile': (context, call) => countProfileCall(context, call) ?? writeProfile(call),
  'GET messenger_profile': (context, call) => countProfileCall(context, call) ?? readProfile(call),
  'DELETE messenger_profile': (context, call) => countProfileCall(context, call) ?? deleteProfile(call),
  'POST message_attachments': upload,
  'POST message_templates': createTemplate,
  'GET message_templates': listTemplates,
  'POST messaging_customer_base/unsubscribe': unsubscribe,
  'GET conversations': answerConversations,
};

/** Source: Messenger profile API, 10 calls in 10 minutes a Page. */
function countProfileCall({ world, faults }: EndpointContext, { page }: GraphCall): GraphAnswer | undefined {
  const calls = page.profileWrites.add(world.clock.monotonicMs());
  const max = faults.limits.profileCallsPer10Min;
  world.version += 1;
  return max > 0 && calls > max ? refusal(throttled(613, page.id, 100)) : undefined;
}

function subscribe({ world }: EndpointContext, { page, params }: GraphCall): GraphAnswer {
  const given = params['subscribed_fields'];
  const names = Array.isArray(given) ? listOf(given).map(textOf) : (textOf(given) ?? '').split(',');
  const fields = new Set<string>();
  for (const [index, name] of names.entries()) {
    const field = name?.trim() ?? '';
    if (!SUBSCRIBABLE.has(field)) {
      return refusal(invalid(`Param subscribed_fields[${index}] must be one of the known fields`));
    }
    fields.add(field);
  }
  page.subscribedFields = fields;
  world.version += 1;
  return json({ success: true });
}

function listSubscriptions({ appId }: EndpointContext, { page }: GraphCall): GraphAnswer {
  if (page.subscribedFields.size === 0) return json({ data: [] });
  const app = { category: 'Business', name: 'Sandbox app', id: appId };
  return json({ data: [{ ...app, subscribed_fields: [...page.subscribedFields] }] });
}

/** Keeps the promise of an id and never fetches the url. */
function upload({ world }: EndpointContext, { page, params }: GraphCall): GraphAnswer {
  const attachment = isObject(params['message']) ? params['message']['attachment'] : undefined;
  const fault = checkAttachment(attachment);
  if (fault !== undefined) return refusal(fault);
  if (!isObject(attachment) || !isObject(attachment['payload']) || attachment['payload']['url'] === undefined) {
    return refusal(invalid('Param payload[url] is required'));
  }
  world.version += 1;
  return json({ attachment_id: keepAttachment(page, textOf(attachment['type']) ?? '', world.nowMs()) });
}

function createTemplate({ world }: EndpointContext, { page, params }: GraphCall): GraphAnswer {
  const name = textOf(params['name']) ?? '';
  const language = textOf(params['language']) ?? '';
  const components = params['components'];
  if (!/^[a-z0-9_]{1,512}$/.test(name)) return refusal(invalid('Param name must be lower case with underscores'));
  if (!/^[a-z]{2,3}(_[A-Z]{2})?$/.test(language)) return refusal(invalid('Param language must be a locale'));
  if (params['category'] !== 'UTILITY') return refusal(invalid('Param category must be UTILITY'));
  if (components !== undefined && !Array.isArray(components))
    return refusal(invalid('Param components must be a list'));
  const template = { id: newNumericId(), name, language, components };
  page.templates.set(templateKey(name, language), template);
  world.version += 1;
  return json({ id: template.id, status: 'APPROVED', category: 'UTILITY' });
}

function listTemplates(_: EndpointContext, { page, params }: GraphCall): GraphAnswer {
  const named = [...page.templates.values()].filter(
    (template) => params['name'] === undefined || template.name === params['name'],
  );
  return json({ data: named.map((template) => ({ ...template, status: 'APPROVED', category: 'UTILITY' })) });
}

function unsubscribe({ world }: EndpointContext, { page, params }: GraphCall): GraphAnswer {
  let unknown = 0;
  for (const row of listOf(params['data'])) {
    const person = page.people.get(isObject(row) ? (textOf(row['psid']) ?? '') : '');
    if (person === undefined) unknown += 1;
    else person.marketingToken = undefined;
  }
  world.version += 1;
  return json({ invalid_rows_count: unknown });
}

/** `GET /{id}`: a person of this Page, or one message of it. */
function answerObject({ world }: EndpointContext, call: GraphCall): GraphAnswer {
  if (call.method !== 'GET') return refusal(objectMissing(call.method));
  const entry = call.node.startsWith('m_') ? world.entryOf(call.page, decodeURIComponent(call.node)) : undefined;
  if (entry !== undefined) return answerMessage(entry, call);
  const person = call.page.people.get(call.node);
  if (person?.started !== true) return refusal(objectMissing(call.method));
  const profile = profileOf(person);
  const all: Json = {
    id: person.psid,
    name: `${profile.first_name} ${profile.last_name}`,
    ...profile,
    profile_pic: 'https://scontent.invalid/profile.jpg',
  };
  return answerFields(call, PERSON_FIELDS, all);
}

function answerFields({ params }: GraphCall, allowed: ReadonlySet<string>, all: Json): GraphAnswer {
  const asked = (textOf(params['fields']) ?? 'name,id').split(',').map((field) => field.trim());
  const answer: Json = {};
  for (const field of asked) {
    if (!allowed.has(field)) return refusal(invalid(`Tried accessing nonexisting field (${field.slice(0, 40)})`));
    if (all[field] !== undefined) answer[field] = all[field];
  }
  return json({ ...answer, id: all['id'] });
}

/** `GET /debug_token` with the app's own token or the token itself. */
export function createDebugToken(world: World, app: { id: string; secret: string }): (params: Json) => GraphAnswer {
  return (params) => {
    const asking = textOf(params['access_token']) ?? '';
    const given = textOf(params['input_token']) ?? '';
    if (asking !== `${app.id}|${app.secret}` && world.pageOfToken(asking) === undefined) {
      return refusal({ status: 401, code: 190, message: 'Invalid OAuth access token.' });
    }
    const page: GraphPage | undefined = world.pageOfToken(given);
    if (page === undefined) return json({ data: { is_valid: false, scopes: [] } });
    const scopes = ['pages_messaging', 'pages_manage_metadata', 'pages_show_list', 'pages_utility_messaging'];
    return json({
      data: {
        app_id: app.id,
        type: 'PAGE',
        application: 'Sandbox app',
        is_valid: true,
        expires_at: 0,
        data_access_expires_at: 0,
        profile_id: page.id,
        scopes,
      },
    });
  };
}
