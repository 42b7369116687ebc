// In which order the operations can work on an empty shop, and what a call must know of an earlier one.
//
// [operation, { as: whose token, id: the variable in the path, path: others by name, body: laid over the document's
//   example, only: instead of it, status: if not the documented success, match: with If-Match of the last tag,
//   keep: variables taken from the answer, before: a script, why: a word for the report }]

// A till signs what it sends (Standard Webhooks 1.0).
const signed = [
  "const id = pm.variables.replaceIn('{{$guid}}');",
  'const now = Math.floor(Date.now() / 1000);',
  'const body = pm.variables.replaceIn(pm.request.body.raw);',
  "const secret = CryptoJS.enc.Base64.parse(pm.collectionVariables.get('secret').replace('whsec_', ''));",
  'const signature = CryptoJS.enc.Base64.stringify(CryptoJS.HmacSHA256(`${id}.${now}.${body}`, secret));',
  'pm.request.body.raw = body;',
  // Of the scheme in the document the converter makes a header of its own, with this variable.
  "pm.collectionVariables.set('apiKey', `v1,${signature}`);",
  "for (const [key, value] of Object.entries({ 'webhook-id': id, 'webhook-timestamp': String(now), 'webhook-signature': `v1,${signature}` })) {",
  '  pm.request.headers.upsert({ key, value });',
  '}',
];

const order = { id: 'order_id' };
const line = { lines: [{ product_id: '{{product_id}}', quantity: 2 }] };
const back = { lines: [{ product_id: '{{product_id}}', quantity: 1 }] };
// An order of its own for each way that it can go.
const ordered = (why) => ['create_order', { why, body: { customer_id: '{{customer_id}}', promo_code: null }, keep: { order_id: '.id' } }];

export const plan = ({ owner, password }) => [
  ['check_health', {}],
  ['check_readiness', {}],
  ['get_metrics', {}],

  ['log_in', { only: { login: owner, password }, keep: { owner_token: '.token' } }],
  ['get_me', { keep: { owner_id: '.id' } }],
  ['register', { keep: { shopper_email: '.email' } }],
  ['log_in', { why: 'as a shopper', only: { login: 'maria@example.org', password: 'quiet river stone' }, keep: { shopper_token: '.token' } }],

  ['create_category', { keep: { category_id: '.id' } }],
  ['get_category', { id: 'category_id' }],
  ['update_category', { id: 'category_id', match: true }],
  ['list_categories', {}],
  ['create_location', { keep: { location_id: '.id' } }],
  ['get_location', { id: 'location_id' }],
  ['update_location', { id: 'location_id', match: true }],
  ['list_locations', {}],
  ['create_product', { keep: { product_id: '.id', sku: '.sku' } }],
  ['get_product', { id: 'product_id' }],
  ['update_product', { id: 'product_id', match: true }],
  ['list_products', {}],
  ['create_customer', { keep: { customer_id: '.id' } }],
  ['get_customer', { id: 'customer_id' }],
  ['update_customer', { id: 'customer_id', match: true }],
  ['list_customers', {}],

  ['count_stock', { body: { counted: 500 } }],
  ['adjust_stock', { keep: { movement_id: '.id' } }],
  ['get_inventory', {}],
  ['list_inventory', {}],
  ['get_stock_movement', { id: 'movement_id' }],
  ['list_stock_movements', {}],

  ['create_promo_code', { body: { code: 'MANGO10' }, keep: { promo_id: '.id' } }],
  ['get_promo_code', { id: 'promo_id' }],
  ['update_promo_code', { id: 'promo_id', match: true, body: { valid_until: '2099-12-31T00:00:00Z', active: true } }],
  ['list_promo_codes', {}],
  ['check_promo_code', {}],

  ['put_cart_item', { as: 'shopper' }],
  ['get_cart', { as: 'shopper' }],
  ['remove_cart_item', { as: 'shopper', match: true }],
  ['put_cart_item', { as: 'shopper', why: 'again' }],
  ['update_cart', { as: 'shopper' }],
  ['empty_cart', { as: 'shopper' }],
  ['put_cart_item', { as: 'shopper', why: 'to check out' }],
  ['check_out_cart', { as: 'shopper', keep: { order_id: '.id' } }],

  ['get_order', { ...order, as: 'shopper' }],
  ['update_order', { ...order, as: 'shopper', match: true }],
  ['list_orders', { as: 'shopper' }],
  ['accept_order', order],
  ['ship_order', order],
  ['deliver_order', order],
  ['return_order', { ...order, body: back }],
  ordered('to be rejected'),
  ['reject_order', order],
  ['accept_order', { ...order, why: 'which was rejected', status: 409 }],
  ordered('to be cancelled'),
  ['cancel_order', order],
  ordered('to be deleted'),
  ['delete_order', order],
  ['create_order', { why: 'a key used once', key: 'collection-1', body: { customer_id: '{{customer_id}}' }, keep: { first_id: '.id' } }],
  ['create_order', { why: 'the same again', key: 'collection-1', body: { customer_id: '{{customer_id}}' }, answers: { 'Idempotent-Replayed': 'true' } }],
  ['create_order', { why: 'more than there is', status: 409, body: { customer_id: '{{customer_id}}', lines: [{ product_id: '{{product_id}}', quantity: 9999 }] } }],
  ['get_order_dashboard', {}],

  ['record_sale', { only: line, keep: { sale_id: '.id' } }],
  ['get_sale', { id: 'sale_id' }],
  ['correct_sale', { id: 'sale_id', match: true, body: line }],
  ['refund_sale', { id: 'sale_id', body: back }],
  ['list_sales', {}],
  ['record_sale', { why: 'to be voided', only: line, keep: { sale_id: '.id' } }],
  ['void_sale', { id: 'sale_id' }],

  ['create_pos_connection', { body: { on_shortage: 'hold', location_id: null }, keep: { connection_id: '.id', secret: '.secret' } }],
  ['get_pos_connection', { id: 'connection_id' }],
  ['update_pos_connection', { id: 'connection_id', match: true, body: { on_shortage: 'hold' } }],
  ['list_pos_connections', {}],
  ['receive_pos_webhook', { only: { sku: '{{sku}}', quantity_change: -1 }, before: signed }],
  ['receive_pos_webhook', { why: 'of a product that nobody knows', status: 202, only: { external_id: 'T-1', quantity_change: -1 }, before: signed, keep: { event_id: '.event_id' } }],
  ['rotate_pos_secret', { id: 'connection_id', keep: { secret: '.secret' } }],
  ['receive_pos_webhook', { why: 'signed with the new secret', only: { sku: '{{sku}}', quantity_change: -1 }, before: signed }],
  ['get_pos_event', { id: 'event_id' }],
  ['retry_pos_event', { id: 'event_id', match: true }],
  ['dismiss_pos_event', { id: 'event_id' }],
  ['list_pos_events', {}],
  ['map_pos_product', { path: { id: '{{connection_id}}', external_id: 'T-2' } }],
  ['unmap_pos_product', { path: { id: '{{connection_id}}', external_id: 'T-2' } }],
  ['delete_pos_connection', { id: 'connection_id' }],

  ['create_user', { keep: { user_id: '.id' } }],
  ['get_user', { id: 'user_id' }],
  ['update_user', { id: 'user_id', match: true }],
  ['list_users', {}],
  ['delete_user', { id: 'user_id' }],

  ['delete_promo_code', { id: 'promo_id' }],
  ['create_product', { why: 'to be removed', body: { sku: 'GONE-1', name: 'Gone', barcode: null, initial_quantity: 0 }, keep: { product_id: '.id' } }],
  ['delete_product', { id: 'product_id' }],
  ['create_category', { why: 'to be removed', body: { name: 'Gone' }, keep: { category_id: '.id' } }],
  ['delete_category', { id: 'category_id' }],
  ['create_location', { why: 'to be removed', body: { code: 'gone', name: 'Gone' }, keep: { location_id: '.id' } }],
  ['delete_location', { id: 'location_id' }],
  ['create_customer', { why: 'to be removed', body: { name: 'Gone', code: 'GONE', phone: null }, keep: { customer_id: '.id' } }],
  ['delete_customer', { id: 'customer_id' }],

  ['change_password', { as: 'shopper', only: { current_password: 'quiet river stone', new_password: 'three ripe mangoes' } }],
  ['log_out', { as: 'shopper' }],
  ['get_me', { as: 'shopper', why: 'who has logged out', status: 401 }],
  ['log_out_everywhere', {}],
];
