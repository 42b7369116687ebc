// Turns the API's document into a Postman collection with openapi-to-postmanv2 and puts its calls in an order in which
// they can work: what a call answers (an id, a token, a tag) is what later calls ask for. The requests stay as they were
// converted, with the document's own examples as bodies; only ids, keys and what must be new each time are put in.
//
// node collection.mjs DOCUMENT OWNER PASSWORD > COLLECTION
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { plan } from './collection-plan.mjs';

const convert = createRequire(import.meta.url)('openapi-to-postmanv2').convertV2;
const [file, owner, password] = process.argv.slice(2);
const text = readFileSync(file, 'utf8');
const document = JSON.parse(text);

// operationId → what the document says of it.
const operations = new Map();
for (const [path, item] of Object.entries(document.paths)) {
  for (const [method, operation] of Object.entries(item)) {
    if (operation.operationId) operations.set(operation.operationId, { ...operation, path, method: method.toUpperCase() });
  }
}

function converted() {
  // Examples, because a body made up from a schema names things that do not exist; optional parameters come disabled.
  const options = { parametersResolution: 'Example', enableOptionalParameters: false };
  return new Promise((resolve, reject) => {
    convert({ type: 'string', data: text }, options, (error, outcome) => {
      if (error || !outcome.result) reject(error ?? new Error(outcome.reason));
      else resolve(outcome.output[0].data);
    });
  });
}

// `GET api/v1/products/:id` → the converted request.
function requests(items, found = new Map()) {
  for (const item of items) {
    if (item.item) requests(item.item, found);
    else found.set(`${item.request.method} /${(item.request.url.path ?? []).join('/')}`, item);
  }
  return found;
}

const addressOf = ({ method, path }) => `${method} ${path.replaceAll(/{(\w+)}/g, ':$1')}`;

// The example with the ids of things that exist: `product_id` becomes {{product_id}}.
function withIds(value) {
  if (Array.isArray(value)) return value.map(withIds);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) =>
    [name, /^\w+_id$/.test(name) && item !== null ? `{{${name}}}` : withIds(item)]));
}

function script(listen, lines) {
  return { listen, script: { type: 'text/javascript', exec: lines } };
}

function fill({ request }, operation, call) {
  if (call.body !== undefined || request.body?.raw) {
    const example = request.body?.raw ? withIds(JSON.parse(request.body.raw)) : {};
    request.body = { ...request.body, mode: 'raw', raw: JSON.stringify(call.only ?? { ...example, ...call.body }) };
  }
  for (const variable of request.url.variable ?? []) {
    variable.value = call.path?.[variable.key] ?? `{{${call.id ?? variable.key}}}`;
  }
  request.header = (request.header ?? []).filter((header) => !header.disabled);
  const takes = (name) => (operation.parameters ?? []).some((parameter) => parameter.in === 'header' && parameter.name === name);
  if (takes('Idempotency-Key')) request.header.push({ key: 'Idempotency-Key', value: call.key ?? '{{$guid}}' });
  if (call.match && takes('If-Match')) request.header.push({ key: 'If-Match', value: '{{etag}}' });
  request.header.push(...(call.headers ?? []));
  if (request.auth?.type === 'bearer') request.auth.bearer[0].value = `{{${call.as ?? 'owner'}_token}}`;
}

// What the call must answer, and what is kept of it.
function tests(name, operation, call) {
  const status = call.status ?? Number(Object.keys(operation.responses).find((code) => code.startsWith('2')));
  const response = operation.responses[status];
  if (!response) throw new Error(`${name}: the plan wants ${status}, which the document does not list`);
  const type = Object.keys(response.content ?? {})[0];
  const lines = [
    `pm.test(${JSON.stringify(`${name} answers ${status}`)}, () => pm.expect(pm.response.code, pm.response.text()).to.equal(${status}));`,
  ];
  if (type) lines.push(`pm.test('as ${type}', () => pm.expect(pm.response.headers.get('Content-Type')).to.include(${JSON.stringify(type)}));`);
  for (const [header, value] of Object.entries(call.answers ?? {})) {
    lines.push(`pm.test(${JSON.stringify(`with ${header}`)}, () => pm.response.to.have.header(${JSON.stringify(header)}, ${JSON.stringify(value)}));`);
  }
  if (response.headers?.ETag) lines.push("pm.collectionVariables.set('etag', pm.response.headers.get('ETag'));");
  for (const [variable, from] of Object.entries(call.keep ?? {})) {
    lines.push(`pm.collectionVariables.set(${JSON.stringify(variable)}, pm.response.json()${from});`);
  }
  return lines;
}

const collection = await converted();
const found = requests(collection.item);
const called = new Set();
collection.item = plan({ owner, password }).map(([name, call]) => {
  const operation = operations.get(name);
  if (!operation) throw new Error(`the document has no operation ${name}`);
  const item = structuredClone(found.get(addressOf(operation)));
  if (!item) throw new Error(`${name} was not converted`);
  called.add(name);
  fill(item, operation, call);
  item.name = call.why ? `${name}: ${call.why}` : name;
  item.event = [script('test', tests(name, operation, call))];
  if (call.before) item.event.push(script('prerequest', call.before));
  delete item.response;
  return item;
});

const forgotten = [...operations.keys()].filter((name) => !called.has(name));
if (forgotten.length > 0) {
  throw new Error(`never called: ${forgotten.join(', ')}. Say in collection-plan.mjs when they can be.`);
}
process.stdout.write(JSON.stringify(collection, null, 1));
