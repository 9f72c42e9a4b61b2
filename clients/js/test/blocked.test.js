// Transports that the browser lacks, or that something on the way does not let through: the order in which others follow.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Barrier } from './support/barrier.js';
import { openBrowser, openModulePage, openPage, PAGES } from './support/browser.js';
import { Server, until } from './support/server.js';

let browser;
let server;
before(async () => ([browser, server] = await Promise.all([openBrowser(), Server.start(PAGES)])));
after(() => Promise.all([browser.close(), server.end()]));

/** How each transport is known on the way. */
const SIGNS = {
  websocket: /^Upgrade: websocket/im,
  eventsource: /^Accept: text\/event-stream/im,
  stream: /^GET \/stream\//,
  streaming: /^GET \/sub\//,
};

async function barrier(t, blocked, how) {
  const started = await Barrier.start(server.port, (head) => (blocked.some((name) => SIGNS[name].test(head)) ? how : undefined));
  t.after(() => started.end());
  return started;
}

async function contextOf(t) {
  const context = await browser.newContext();
  t.after(() => context.close());
  return context;
}

const TYPES = { websocket: 'WebSocket', eventsource: 'EventSource', stream: 'Stream', longpolling: 'LongPolling' };

describe('classic', { concurrency: 2 }, () => {
  /** With `blocked` on the way, the client tries `modes` up to the first that is not. */
  function refused(modes, blocked) {
    test(`${modes} without ${blocked.join(', ')} on the way`, async (t) => {
      const way = await barrier(t, blocked, 'refuse');
      const page = await openPage(await contextOf(t), way.url);
      const channel = `refused-${modes.replaceAll('|', '-')}-${blocked.length}`;
      await page.evaluate(([modes, channel, port]) => {
        window.tried = [];
        start({ [channel]: {} }, { port, modes, urlPrefixStream: '/stream', reconnectOnChannelUnavailableInterval: 20 });
        client.onstatuschange = (state) => state === PushStream.CONNECTING && queueMicrotask(() => tried.push(client.wrapper.type));
      }, [modes, channel, way.port]);
      await server.subscribed(channel);
      await server.publish(channel, 'through');
      await until(() => page.evaluate(() => messages.length === 1));
      const order = modes.split('|').slice(0, blocked.length + 1);
      // The first attempt began before the page looked.
      assert.deepEqual(await page.evaluate(() => tried), order.slice(1).map((mode) => TYPES[mode]));
      assert.deepEqual(await page.evaluate(() => errors), blocked.map(() => 'load'));
    });
  }

  refused('websocket|eventsource|stream|longpolling', ['websocket']);
  refused('websocket|eventsource|stream|longpolling', ['websocket', 'eventsource']);
  refused('websocket|eventsource|stream|longpolling', ['websocket', 'eventsource', 'stream']);
  refused('eventsource|websocket|stream|longpolling', ['eventsource']);
  refused('stream|websocket', ['stream']);

  test('a stream that is held up makes room after its timeout', async (t) => {
    const way = await barrier(t, ['stream'], 'hold');
    const page = await openPage(await contextOf(t), way.url);
    const options = { port: way.port, modes: 'stream|longpolling', urlPrefixStream: '/stream', timeout: 300, reconnectOnChannelUnavailableInterval: 20 };
    await page.evaluate((options) => start({ held: {} }, options), options);
    await until(() => page.evaluate(() => client.wrapper.type === 'LongPolling' && client.readyState === PushStream.OPEN));
    assert.deepEqual(await page.evaluate(() => errors), ['load']);
  });

  test('modes that the browser lacks are not tried', async (t) => {
    const context = await contextOf(t);
    await context.addInitScript(() => {
      delete window.WebSocket;
      delete window.EventSource;
    });
    const page = await openPage(context, server.url);
    await page.evaluate((port) => start({ lacking: {} }, { port, urlPrefixStream: '/stream' }), server.port);
    await server.subscribed('lacking');
    assert.deepEqual(await page.evaluate(() => client.wrappers.map((one) => one.type)), ['Stream', 'LongPolling']);
    assert.deepEqual(await page.evaluate(() => [client.wrapper.type, errors]), ['Stream', []]);
  });
});

describe('module', { concurrency: 2 }, () => {
  const ORDER = ['websocket', 'eventsource', 'streaming', 'longpolling'];

  /** Subscribes and tells which transports were tried until one opened. */
  async function tried(page, channel, options) {
    await page.evaluate(([channel, options]) => {
      window.tried = [];
      window.messages = [];
      window.subscription = outpour.subscribe(channel, { backoff: { min: 10, max: 20 }, ...options });
      subscription.addEventListener('state', ({ detail }) => detail === 'connecting' && tried.push(subscription.transport));
      subscription.addEventListener('message', ({ message }) => messages.push(message.data));
      // The first attempt has no change of state.
      queueMicrotask(() => tried.unshift(subscription.transport));
    }, [channel, options]);
    await server.subscribed(channel);
    await server.publish(channel, 'through');
    await until(() => page.evaluate(() => messages.length === 1));
    return page.evaluate(() => tried);
  }

  for (const [how, count, opening] of [['refuse', 1], ['refuse', 2], ['refuse', 3], ['hold', 3, 1_000]]) {
    test(`${how}: ${ORDER.slice(0, count).join(', ')} on the way`, async (t) => {
      const way = await barrier(t, ORDER.slice(0, count), how);
      const page = await openModulePage(await contextOf(t), way.url);
      assert.deepEqual(await tried(page, `module-${how}-${count}`, opening ? { opening } : {}), ORDER.slice(0, count + 1));
    });
  }

  test('what the browser lacks is not tried', async (t) => {
    const context = await contextOf(t);
    await context.addInitScript(() => {
      delete window.WebSocket;
      delete window.EventSource;
    });
    const page = await openModulePage(context, server.url);
    assert.deepEqual(await tried(page, 'module-lacking', {}), ['streaming']);
  });
});
