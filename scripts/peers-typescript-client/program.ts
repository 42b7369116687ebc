// What a client in TypeScript does, typed from end to end: log in, order, understand a refusal, repeat a request.
//
// node program.js ADDRESS LOGIN PASSWORD
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.js';

type Refused = Extract<
  paths['/api/v1/orders']['post']['responses'][409]['content']['application/problem+json'],
  { code: string }
>;

// Every refusal of an order by its name; one that is not here does not compile.
function explain(problem: Refused): string {
  switch (problem.code) {
    case 'insufficient_stock':
      return problem.shortages.map(({ sku, available }) => `${sku}: ${available}`).join();
    case 'product_unavailable':
      return `not on sale: ${problem.product_id}`;
    case 'promo_refused':
      return `promo code: ${problem.reason}`;
    case 'conflict':
      return `conflict: ${problem.reason}`;
  }
}

const [baseUrl, login, password] = process.argv.slice(2);
assert(baseUrl && login && password, 'node program.js ADDRESS LOGIN PASSWORD');
const shop = createClient<paths>({ baseUrl });

const { data: loggedIn } = await shop.POST('/api/v1/auth/login', { body: { login, password } });
assert(loggedIn);
shop.use({
  onRequest({ request }) {
    request.headers.set('Authorization', `Bearer ${loggedIn.token}`);
    return request;
  },
});

const { data: product } = await shop.POST('/api/v1/products', {
  body: { sku: 'KALE-500', name: 'Kale smoothie', price: '4.50', initial_quantity: 10 },
});
const { data: customer } = await shop.POST('/api/v1/customers', { body: { name: 'Amina Otieno' } });
assert(product && customer);

const seven: components['schemas']['CreateOrder'] = {
  customer_id: customer.id,
  lines: [{ product_id: product.id, quantity: 7 }],
};
const key = { header: { 'Idempotency-Key': 'typescript-1' } };

const placed = await shop.POST('/api/v1/orders', { params: key, body: seven });
const order = placed.data;
assert(order && placed.response.status === 201);
const status: 'pending' | 'accepted' | 'rejected' | 'cancelled' | 'shipped' | 'delivered' = order.status;
assert.equal(status, 'pending');
assert.equal(order.total, '31.50');

// The same once more is answered from the first: one order, not two.
const again = await shop.POST('/api/v1/orders', { params: key, body: seven });
assert.equal(again.data?.id, order.id);
assert.equal(again.response.headers.get('Idempotent-Replayed'), 'true');
const { data: orders } = await shop.GET('/api/v1/orders', { params: { query: { count: true, status: 'pending' } } });
assert.equal(orders?.count, 1);
assert.equal(orders.items[0]?.id, order.id);

// Another request with that key is refused.
const reused = await shop.POST('/api/v1/orders', { params: key, body: { ...seven, notes: 'Ring twice' } });
assert.equal(reused.error?.code, 'idempotency_key_reused');

// A refusal says what was asked for, what there is and who holds the rest.
const { error: refused } = await shop.POST('/api/v1/orders', { body: seven });
assert(refused?.code === 'insufficient_stock');
assert.equal(explain(refused), 'KALE-500: 3');
const [shortage] = refused.shortages;
assert.equal(shortage?.requested, 7);
assert.equal(shortage.held_by?.[0]?.order_id, order.id);

// And from where it could not go on, and where it could.
const path = { path: { id: order.id } };
const { error: tooEarly } = await shop.POST('/api/v1/orders/{id}/deliver', { params: path });
assert(tooEarly?.code === 'illegal_transition');
assert.equal(tooEarly.from, 'pending');
assert(tooEarly.allowed.includes('accept'));
const { data: accepted } = await shop.POST('/api/v1/orders/{id}/accept', { params: path });
assert.equal(accepted?.status, 'accepted');

// What is wrong is said field by field.
const { error: wrong } = await shop.POST('/api/v1/products', { body: { sku: '', name: 'Nameless', price: 'much' } });
assert(wrong?.code === 'validation');
assert.deepEqual(wrong.errors?.map(({ pointer }) => pointer).sort(), ['/price', '/sku']);

// Bodies of several forms are typed too.
const code: components['schemas']['CreatePromoCode'] = {
  code: 'KALE10',
  name: 'Kale season',
  kind: 'percentage',
  percentage: '10',
  valid_from: '2026-01-01T00:00:00Z',
  valid_until: '2099-12-31T23:59:59Z',
};
const { data: promo } = await shop.POST('/api/v1/promo-codes', { body: code });
assert.equal(promo?.percentage, '10');
const sold: components['schemas']['RecordSale'] = { customer_name: 'Amina', lines: [{ product_id: product.id, quantity: 1 }] };
const { data: sale } = await shop.POST('/api/v1/sales', { body: sold });
assert.equal(sale?.total, '4.50');

// A till signs what it reports over the very bytes that are sent.
const { data: till } = await shop.POST('/api/v1/pos-connections', { body: { name: 'Till', dialect: 'standard', on_shortage: 'refuse' } });
assert(till?.secret);
const report: components['schemas']['PosReport'] = { sku: 'KALE-500', quantity_change: -1 };
const stamp = String(Math.floor(Date.now() / 1000));
const secret = Buffer.from(till.secret.replace('whsec_', ''), 'base64');
const signature = createHmac('sha256', secret).update(`typescript-1.${stamp}.${JSON.stringify(report)}`).digest('base64');
const { data: delivered } = await shop.POST('/api/v1/webhooks/pos/{connection_id}', {
  params: { path: { connection_id: till.id }, header: { 'webhook-id': 'typescript-1', 'webhook-timestamp': stamp } },
  headers: { 'webhook-signature': `v1,${signature}` },
  body: report,
});
assert.equal(delivered?.status, 'applied');
