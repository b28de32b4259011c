import type { GraphAnswer, GraphCall } from './endpoint.types';
import { invalid, type GraphFault } from './graph-errors';
import type { Json } from './sandbox.types';
import { refusal } from './send-endpoint';
import { checkFields, checkLength, checkUrl, firstFault } from './template-validation';
import { isObject, listOf, textOf } from './wire-json';

const PROPERTIES = new Set([
  'get_started',
  'greeting',
  'ice_breakers',
  'persistent_menu',
  'whitelisted_domains',
  'account_linking_url',
]);
/** What a request may carry beside the properties. */
const CREDENTIALS = ['access_token', 'appsecret_proof', 'appsecret_time', 'platform'];

const SUCCESS: GraphAnswer = { status: 200, body: '{"result":"success"}' };

export function writeProfile({ page, params }: GraphCall): GraphAnswer {
  const properties = withoutCredentials(params);
  if (Object.keys(properties).length === 0) return refusal(invalid('At least one profile property is required'));
  const fault =
    checkFields(properties, PROPERTIES, 'messenger_profile') ??
    checkGetStarted(properties['get_started']) ??
    checkLocalised(properties['greeting'], 'greeting', (item) => checkLength(item['text'], 'greeting[text]', 160)) ??
    checkLocalised(properties['ice_breakers'], 'ice_breakers', checkIceBreakers) ??
    checkLocalised(properties['persistent_menu'], 'persistent_menu', checkMenu) ??
    checkDomains(properties['whitelisted_domains']);
  if (fault !== undefined) return refusal(fault);
  const merged = { ...page.profile, ...properties };
  if (merged['persistent_menu'] !== undefined && merged['get_started'] === undefined) {
    return refusal(invalid('You must set a Get Started button if you also wish to use persistent menu'));
  }
  page.profile = merged;
  return SUCCESS;
}

export function readProfile({ page, params }: GraphCall): GraphAnswer {
  const fields = fieldNames(params['fields']);
  if (fields.length === 0) return refusal(invalid('The parameter fields is required'));
  const strange = fields.find((field) => !PROPERTIES.has(field));
  if (strange !== undefined) return refusal(invalid('Param fields must name profile properties'));
  const kept: Json = {};
  for (const field of fields) {
    if (page.profile[field] !== undefined) kept[field] = page.profile[field];
  }
  return { status: 200, body: JSON.stringify({ data: Object.keys(kept).length === 0 ? [] : [kept] }) };
}

export function deleteProfile({ page, params }: GraphCall): GraphAnswer {
  const fields = new Set(fieldNames(params['fields']));
  if (fields.size === 0) return refusal(invalid('The parameter fields is required'));
  for (const field of fields) {
    if (!PROPERTIES.has(field)) return refusal(invalid('Param fields must name profile properties'));
  }
  const left = Object.fromEntries(Object.entries(page.profile).filter(([name]) => !fields.has(name)));
  if (left['persistent_menu'] !== undefined && left['get_started'] === undefined) {
    return refusal(invalid('Get Started cannot be deleted while a persistent menu exists'));
  }
  page.profile = left;
  return SUCCESS;
}

function withoutCredentials(params: Json): Json {
  return Object.fromEntries(Object.entries(params).filter(([name]) => !CREDENTIALS.includes(name)));
}

function fieldNames(fields: unknown): string[] {
  const list = Array.isArray(fields)
    ? listOf(fields).map((field) => textOf(field) ?? '')
    : (textOf(fields) ?? '').split(',');
  return list.map((field) => field.trim()).filter((field) => field !== '');
}

function checkGetStarted(value: unknown): GraphFault | undefined {
  if (value === undefined) return undefined;
  if (!isObject(value)) return invalid('Param get_started must be an object');
  return checkFields(value, new Set(['payload']), 'get_started') ?? checkLength(value['payload'], 'payload', 1000);
}

/** A list with one item a locale, `default` among them. */
function checkLocalised(
  value: unknown,
  name: string,
  check: (item: Json) => GraphFault | undefined,
): GraphFault | undefined {
  if (value === undefined) return undefined;
  const items = listOf(value);
  if (items.length === 0) return invalid(`Param ${name} must be a list`);
  if (!items.every(isObject)) return invalid(`Each of ${name} must be an object`);
  const locales = items.map((item) => textOf(item['locale']) ?? '');
  if (!locales.includes('default')) return invalid(`Param ${name} needs the default locale`);
  if (new Set(locales).size < locales.length) return invalid(`Param ${name} names a locale twice`);
  return firstFault(items, check);
}

function checkIceBreakers(item: Json): GraphFault | undefined {
  const questions = listOf(item['call_to_actions']);
  if (questions.length < 1 || questions.length > 4) return invalid('Param ice_breakers must have 1 to 4 questions');
  return firstFault(questions, (question) =>
    isObject(question)
      ? (checkLength(question['question'], 'question', 80) ?? checkLength(question['payload'], 'payload', 1000))
      : invalid('Each question must be an object'),
  );
}

function checkMenu(item: Json): GraphFault | undefined {
  const unknown = checkFields(
    item,
    new Set(['locale', 'composer_input_disabled', 'call_to_actions', 'disabled_surfaces']),
    'persistent_menu',
  );
  if (unknown !== undefined) return unknown;
  const entries = listOf(item['call_to_actions']);
  if (entries.length > 20) return invalid('Param call_to_actions must have at most 20 items');
  if (entries.length === 0 && item['composer_input_disabled'] !== true) return invalid('A menu needs an item');
  return firstFault(entries, checkMenuItem);
}

function checkMenuItem(entry: unknown): GraphFault | undefined {
  if (!isObject(entry)) return invalid('Each menu item must be an object');
  const title = checkLength(entry['title'], 'title', 30);
  if (title !== undefined) return title;
  if (entry['type'] === 'web_url') return checkUrl(entry['url'], 'url');
  if (entry['type'] === 'postback') return checkLength(entry['payload'], 'payload', 1000);
  return invalid('Param type must be postback or web_url');
}

function checkDomains(value: unknown): GraphFault | undefined {
  if (value === undefined) return undefined;
  const domains = listOf(value);
  if (!Array.isArray(value) || domains.length > 50)
    return invalid('Param whitelisted_domains takes at most 50 domains');
  return firstFault(domains, (domain) => checkUrl(domain, 'whitelisted_domains'));
}
