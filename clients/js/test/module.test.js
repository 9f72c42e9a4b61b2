// The ES module against the real server, over every transport.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { EventSource } from 'eventsource';
import { WebSocket } from 'ws';
import { publish, PublishError, subscribe } from '../dist/outpour.js';
import { Server, until } from './support/server.js';

const TRANSPORTS = ['websocket', 'eventsource', 'streaming', 'longpolling'];
const RUNTIME = { WebSocket, EventSource };

let server;
before(async () => (server = await Server.start()));
after(() => server.end());

const options = (more = {}) => ({ url: server.url, ...RUNTIME, backoff: { min: 10, max: 50 }, ...more });

/** The next `count` messages. */
async function take(subscription, count) {
  const messages = [];
  for await (const message of subscription) {
    messages.push(message);
    if (messages.length === count) break;
  }
  return messages;
}

for (const transport of TRANSPORTS) {
  test(`${transport}: messages come in order, with everything that is known of them`, async () => {
    const channel = `order-${transport}`;
    const subscription = subscribe(channel, options({ transport }));
    await server.subscribed(channel);
    await publish(channel, 'one "two" 100% ünï', { url: server.url, eventId: 'first' });
    for (let n = 0; n < 20; n += 1) await publish(channel, String(n), { url: server.url });
    const [first, ...rest] = await take(subscription, 21);
    assert.equal(first.data, 'one "two" 100% ünï');
    assert.equal(first.channel, channel);
    assert.equal(first.id, 1);
    assert.equal(first.eventId, 'first');
    assert.ok(Math.abs(first.time - Date.now()) < 60_000);
    assert.deepEqual(rest.map((m) => m.data), Array.from({ length: 20 }, (_, n) => String(n)));
    await server.subscribed(channel, 0);
  });

  test(`${transport}: old messages by backtrack, moment, position and event id`, async () => {
    const channel = `old-${transport}`;
    for (const text of ['a', 'b', 'c']) await publish(channel, text, { url: server.url, eventId: `id-${text}` });
    const texts = async (since, count) => (await take(subscribe(channel, options({ transport, since })), count)).map((m) => m.data);
    assert.deepEqual(await texts({ backtrack: 2 }, 2), ['b', 'c']);
    assert.deepEqual(await texts(new Date(Date.now() - 60_000), 3), ['a', 'b', 'c']);
    assert.deepEqual(await texts({ eventId: 'id-a' }, 2), ['b', 'c']);
    const [first] = await take(subscribe(channel, options({ transport, since: { backtrack: 3 } })), 1);
    assert.deepEqual(await texts({ time: first.time, tag: first.tag }, 2), ['b', 'c']);
  });

  test(`${transport}: other channels while connected, and nothing is missed or repeated`, async () => {
    const [one, two] = [`one-${transport}`, `two-${transport}`];
    const subscription = subscribe(one, options({ transport }));
    const seen = [];
    subscription.addEventListener('message', ({ message }) => seen.push(message.data));
    await server.subscribed(one);
    await publish(one, '1', { url: server.url });
    await until(() => seen.length === 1);
    subscription.channels = [one, two];
    await publish(one, '2', { url: server.url });
    await server.subscribed(two);
    await publish(two, '3', { url: server.url });
    await until(() => seen.length === 3);
    assert.deepEqual(seen, ['1', '2', '3']);
    subscription.close();
    await server.subscribed(two, 0);
  });
}

test('a deleted channel is told', async () => {
  const subscription = subscribe('deleted', options({ transport: 'websocket' }));
  const deleted = new Promise((resolve) => subscription.addEventListener('deleted', ({ detail }) => resolve(detail)));
  await server.subscribed('deleted');
  await server.delete('deleted');
  assert.equal(await deleted, 'deleted');
  subscription.close();
});

test('typed messages, and texts that are none', async () => {
  const subscription = subscribe('typed', options({ parse: JSON.parse }));
  const errors = [];
  subscription.addEventListener('error', ({ detail }) => errors.push(detail));
  await server.subscribed('typed');
  await server.publish('typed', 'no json');
  await publish('typed', { n: 1 }, { url: server.url });
  const [message] = await take(subscription, 1);
  assert.deepEqual(message.data, { n: 1 });
  assert.equal(errors.length, 1);
  assert.ok(errors[0] instanceof SyntaxError);
});

test('texts of publishers that encode nothing stay as they are', async () => {
  const subscription = subscribe('raw', options());
  await server.subscribed('raw');
  await server.publish('raw', '100% raw');
  const [message] = await take(subscription, 1);
  assert.equal(message.data, '100% raw');
});

test('the next transport is tried when one does not work', async () => {
  const broken = class { constructor() { throw new Error('blocked'); } };
  const subscription = subscribe('fall', options({ WebSocket: broken, paths: { eventsource: '/nowhere' } }));
  await server.subscribed('fall');
  assert.equal(subscription.transport, 'streaming');
  subscription.close();
});

test('a refusal on every transport ends the subscription with its reason', async () => {
  const subscription = subscribe('broad_only', options({ transport: ['streaming', 'longpolling'] }));
  await assert.rejects(take(subscription, 1), { name: 'TransportError', status: 403 });
  assert.equal(subscription.state, 'closed');
});

test('an aborted signal ends it', async () => {
  const end = new AbortController();
  const subscription = subscribe('abort', options({ signal: end.signal }));
  await server.subscribed('abort');
  end.abort();
  assert.deepEqual(await take(subscription, 1), []);
  await server.subscribed('abort', 0);
});

test('a refused publication says why', async () => {
  await assert.rejects(publish('', 'x', { url: server.url }), (error) => error instanceof PublishError && error.status === 400);
});

test('a server that comes back is found again, on every transport', async (t) => {
  const mine = await Server.start();
  t.after(() => mine.end());
  const subscriptions = TRANSPORTS.map((transport) => subscribe('back', options({ url: mine.url, transport })));
  const seen = subscriptions.map(() => []);
  subscriptions.forEach((s, i) => s.addEventListener('message', ({ message }) => seen[i].push(message.data)));
  await mine.subscribed('back', 4);
  await mine.publish('back', 'before');
  await until(() => seen.every((texts) => texts.length === 1));
  const second = Math.floor(Date.now() / 1000);
  await mine.stop();
  await mine.run();
  // A server that begins anew begins its tags anew: only another second tells its messages from the old ones.
  await until(() => Math.floor(Date.now() / 1000) > second);
  // What is published while a client waits for its next attempt is stored, and comes late.
  await mine.publish('back', 'after');
  await until(() => seen.every((texts) => texts.length === 2));
  assert.deepEqual(seen, TRANSPORTS.map(() => ['before', 'after']));
  subscriptions.forEach((s) => s.close());
});

test('connections that break during a flow lose and repeat nothing', async (t) => {
  const count = 200;
  const subscriptions = TRANSPORTS.map((transport) => subscribe('breaking', options({ transport })));
  const seen = subscriptions.map(() => []);
  subscriptions.forEach((s, i) => s.addEventListener('message', ({ message }) => seen[i].push(Number(message.data))));
  t.after(() => subscriptions.forEach((s) => s.close()));
  await server.subscribed('breaking', 4);
  for (let n = 0; n < count; n += 1) {
    await publish('breaking', n, { url: server.url });
    // Setting the channels makes every connection anew.
    if (n % 20 === 10) for (const s of subscriptions) s.channels = ['breaking'];
  }
  await until(() => seen.every((numbers) => numbers.length >= count));
  for (const numbers of seen) assert.deepEqual(numbers, Array.from({ length: count }, (_, n) => n));
});
