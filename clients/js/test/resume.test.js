// Both clients in Chromium, on every transport at once: a server that is stopped and started, ten thousand messages.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { openBrowser, openModulePage, openPage, PAGES } from './support/browser.js';
import { Server, until } from './support/server.js';

const STORED = ['push_stream_max_messages_stored_per_channel 100;', 'push_stream_max_messages_stored_per_channel 20000;'];

let browser;
before(async () => (browser = await openBrowser()));
after(() => browser.close());

/** The classic client in each of its modes; what comes is noted in `seen` under the name of the way. */
async function classicPage(t, server, channel) {
  // A browser keeps six connections to a server in one context: a context per page.
  const page = await openPage(await contextOf(t), server.url);
  await page.evaluate(([port, channel]) => {
    window.seen = {};
    const ways = {
      websocket: { modes: 'websocket' },
      eventsource: { modes: 'eventsource' },
      stream: { modes: 'stream', urlPrefixStream: '/stream' },
      // By headers, as the old client does unless it is told otherwise.
      longpolling: { modes: 'longpolling', messagesControlByArgument: false, extraParams: null },
      jsonp: { modes: 'longpolling', useJSONP: true, urlPrefixLongpolling: '/jsonp' },
    };
    const common = {
      host: location.hostname,
      port,
      messagesControlByArgument: true,
      extraParams: () => ({ qs: 'on' }),
      reconnectOnTimeoutInterval: 50,
      reconnectOnChannelUnavailableInterval: 50,
    };
    for (const [way, options] of Object.entries(ways)) {
      seen[way] = [];
      const client = new PushStream({ ...common, ...options, onmessage: (text) => seen[way].push(text) });
      client.addChannel(channel);
      client.connect();
    }
  }, [server.port, channel]);
  return page;
}

/** The ES module over each of its transports. */
async function modulePage(t, server, channel) {
  const page = await openModulePage(await contextOf(t), server.url);
  await page.evaluate((channel) => {
    window.seen = {};
    for (const transport of ['websocket', 'eventsource', 'streaming', 'longpolling']) {
      seen[transport] = [];
      const subscription = outpour.subscribe(channel, { transport, backoff: { min: 20, max: 100 } });
      subscription.addEventListener('message', ({ message }) => seen[transport].push(message.data));
    }
  }, channel);
  return page;
}

async function contextOf(t) {
  const context = await browser.newContext();
  t.after(() => context.close());
  return context;
}

/** Waits until every way has this many messages. */
async function arrived(page, count) {
  let counts;
  try {
    await until(async () => {
      counts = await page.evaluate(() => Object.fromEntries(Object.entries(seen).map(([way, texts]) => [way, texts.length])));
      return Object.values(counts).every((one) => one >= count);
    });
  } catch {
    assert.fail(`${count} messages did not arrive everywhere: ${JSON.stringify(counts)}`);
  }
}

for (const [name, open, ways] of [['classic', classicPage, 5], ['module', modulePage, 4]]) {
  test(`${name}: a server that is stopped and started on its port`, async (t) => {
    const server = await Server.start(PAGES);
    t.after(() => server.end());
    const page = await open(t, server, 'back');
    await server.subscribed('back', ways);
    for (const text of ['a', 'b', 'c']) await server.publish('back', text);
    await arrived(page, 3);

    const second = Math.floor(Date.now() / 1000);
    await server.stop();
    await server.run();
    // The messages were in the memory of the process that ended. The next one begins its tags anew: a position is
    // good for what it stores in another second.
    await until(() => Math.floor(Date.now() / 1000) > second);
    for (const text of ['d', 'e', 'f']) await server.publish('back', text);
    await server.subscribed('back', ways);
    await server.publish('back', 'g');
    await arrived(page, 7);

    const seen = await page.evaluate(() => seen);
    for (const way of Object.keys(seen)) assert.equal(seen[way].join(''), 'abcdefg', way);
    assert.deepEqual(page.errors, []);
  });

  test(`${name}: ten thousand messages, in order and without growing`, async (t) => {
    const server = await Server.start([...PAGES, STORED]);
    t.after(() => server.end());
    const page = await open(t, server, 'many');
    await server.subscribed('many', ways);
    // What is kept of a message is a number: how many came, and whether each was the next.
    await page.evaluate(() => {
      for (const way of Object.keys(seen)) {
        seen[way] = { length: 0, inOrder: true, push: (text) => (seen[way].inOrder &&= Number(text.split(' ')[0]) === seen[way].length++) };
      }
    });
    const publisher = new WebSocket(`ws://127.0.0.1:${server.port}/ws/many`);
    await new Promise((resolve) => publisher.once('open', resolve));
    t.after(() => publisher.close());
    const publish = (from, to) => {
      for (let n = from; n < to; n += 1) publisher.send(`${n} ${'x'.repeat(200)}`);
    };
    publish(0, 1_000);
    await arrived(page, 1_000);
    const before = await memory(page);
    publish(1_000, 11_000);
    await arrived(page, 11_000);
    const grown = await memory(page);
    assert.deepEqual(await page.evaluate(() => Object.values(seen).map((one) => one.inOrder)), Array(ways).fill(true));
    t.diagnostic(`heap ${before.heap} -> ${grown.heap} bytes, nodes ${before.nodes} -> ${grown.nodes}, over ${ways} transports`);
    // 10,000 messages of 200 bytes over all transports are ten megabytes.
    assert.ok(grown.heap - before.heap < 1_000_000, `${before.heap} -> ${grown.heap}`);
    assert.ok(grown.nodes - before.nodes < 200, `${before.nodes} -> ${grown.nodes}`);
    assert.deepEqual(page.errors, []);
  });
}

/** What the page holds when nothing that could go is there any more. */
async function memory(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.enable');
  for (let n = 0; n < 3; n += 1) await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  const { nodes } = await session.send('Memory.getDOMCounters');
  await session.detach();
  return { heap: usedSize, nodes };
}
