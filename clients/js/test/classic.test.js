// The classic script in Chromium against the real server: the documented behaviour of the old client, case by case.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, openPage, PAGES } from './support/browser.js';
import { Server, until } from './support/server.js';

const CLOSED = 0;
const CONNECTING = 1;
const OPEN = 2;

/** Each way of receiving: the mode, its `wrapper.type`, and options that lead to it. */
const WAYS = {
  websocket: { type: 'WebSocket', options: { modes: 'websocket' } },
  eventsource: { type: 'EventSource', options: { modes: 'eventsource' } },
  stream: { type: 'Stream', options: { modes: 'stream', urlPrefixStream: '/stream' } },
  longpolling: { type: 'LongPolling', options: { modes: 'longpolling' } },
  jsonp: { type: 'LongPolling', options: { modes: 'longpolling', useJSONP: true, urlPrefixLongpolling: '/jsonp' } },
};

let browser;
let server;
/** A server that ends subscriptions after two seconds. */
let brief;
before(async () => {
  const ttl = ['push_stream_ping_message_interval       30s;', 'push_stream_ping_message_interval 30s; push_stream_subscriber_connection_ttl 2s;'];
  const poll = ['push_stream_longpolling_connection_ttl  30s;', 'push_stream_longpolling_connection_ttl 2s;'];
  [browser, server, brief] = await Promise.all([openBrowser(), Server.start(PAGES), Server.start([...PAGES, ttl, poll])]);
});
after(async () => {
  await browser.close();
  await Promise.all([server.end(), brief.end()]);
});

/** A page with a client of these channels; ends with the test. */
async function started(t, channels, options, on = server) {
  const page = await openPage(browser, on.url);
  t.after(() => page.close());
  const all = { host: '127.0.0.1', port: on.port, ...options };
  await page.evaluate(([channels, all]) => {
    if (all.after) all.messagesPublishedAfter = new Date(all.after);
    all.extraParams = () => ({ ...(window.asked = (window.asked ?? 0) + 1, {}), ...(all.qs ? { qs: 'on' } : {}) });
    start(channels, all);
  }, [channels, all]);
  return page;
}

/** Waits until what the page has written down under `name` is so long. */
async function written(page, name, count) {
  await until(async () => (await page.evaluate((name) => window[name].length, name)) >= count);
  return page.evaluate((name) => window[name], name);
}

const texts = (messages) => messages.map((m) => m.text);

for (const [way, { type, options }] of Object.entries(WAYS)) {
  test(`${way}: connects, receives, disconnects`, async (t) => {
    const channel = `${way}-1`;
    const page = await started(t, { [channel]: {} }, options);
    await server.subscribed(channel);
    assert.deepEqual(await written(page, 'states', 2), [CONNECTING, OPEN]);
    assert.equal(await page.evaluate(() => client.wrapper.type), type);
    const text = 'Grüße, "100 %" <b>';
    await server.publish(channel, encodeURIComponent(text), { 'Event-Id': 'ev1' });
    const [message] = await written(page, 'messages', 1);
    assert.equal(message.text, text);
    assert.equal(message.id, 1);
    assert.equal(message.channel, channel);
    assert.equal(message.eventId, 'ev1');
    assert.equal(message.last, true);
    assert.match(message.time, /GMT$/);
    assert.ok((await page.evaluate(() => asked)) >= 1);
    await page.evaluate(() => client.disconnect());
    assert.deepEqual(await written(page, 'states', 3), [CONNECTING, OPEN, CLOSED]);
    await server.subscribed(channel, 0);
    assert.deepEqual(page.errors, []);
  });

  test(`${way}: a channel that is added while connected`, async (t) => {
    const [one, two] = [`${way}-added-1`, `${way}-added-2`];
    const page = await started(t, { [one]: {} }, options);
    await server.subscribed(one);
    await written(page, 'states', 2);
    await page.evaluate((name) => client.addChannel(name), two);
    await server.subscribed(two);
    assert.deepEqual(await written(page, 'states', 5), [CONNECTING, OPEN, CLOSED, CONNECTING, OPEN]);
    await server.publish(two, 'x');
    await server.publish(one, 'y');
    assert.deepEqual(texts(await written(page, 'messages', 2)), ['x', 'y']);
  });

  test(`${way}: a channel that is deleted`, async (t) => {
    const channel = `${way}-deleted`;
    const page = await started(t, { [channel]: {} }, options);
    await server.subscribed(channel);
    await server.delete(channel);
    assert.deepEqual(await written(page, 'deleted', 1), [channel]);
  });

  test(`${way}: the end by the server, and the way back`, async (t) => {
    const page = await started(t, { [`${way}-ttl`]: {} }, { ...options, reconnectOnTimeoutInterval: 100, timeout: 3000 }, brief);
    await brief.subscribed(`${way}-ttl`);
    if (type === 'LongPolling') {
      // A poll that ends without a message is no error: the next one follows, the state stays.
      await until(async () => (await page.evaluate(() => asked)) >= 2);
      assert.deepEqual(await page.evaluate(() => [states, errors]), [[CONNECTING, OPEN], []]);
    } else if (type === 'EventSource') {
      // The browser reconnects by itself.
      await until(async () => (await page.evaluate(() => client.readyState)) === OPEN);
    } else {
      assert.deepEqual(await written(page, 'errors', 1), ['timeout']);
      const states = await written(page, 'states', 5);
      assert.deepEqual(states.slice(0, 5), [CONNECTING, OPEN, CLOSED, CONNECTING, OPEN]);
    }
  });

  test(`${way}: a location that refuses`, async (t) => {
    const wrong = { urlPrefixStream: '/pub', urlPrefixEventsource: '/pub', urlPrefixLongpolling: '/pub', urlPrefixWebsocket: '/pub' };
    const page = await started(t, { refused: {} }, { ...options, ...wrong, timeout: 2000 });
    // A long-poll counts as open after 150 ms: its refusal may come before or behind that.
    const expected = way === 'longpolling' ? /load|timeout/ : /load/;
    assert.match((await written(page, 'errors', 1))[0], expected);
    assert.equal((await page.evaluate(() => states)).at(-1), CLOSED);
  });

  test(`${way}: old messages`, async (t) => {
    const channel = `${way}-old`;
    for (const n of [1, 2, 3]) await server.publish(channel, `m${n}`, { 'Event-Id': `e${n}` });
    const page = await openPage(browser, server.url);
    t.after(() => page.close());
    const check = async (how, backtrack, expected) => {
      const control = way === 'longpolling' ? {} : { messagesControlByArgument: true, qs: true };
      await page.evaluate(([channels, all]) => {
        if (all.after) all.messagesPublishedAfter = new Date(all.after);
        if (all.qs) all.extraParams = () => ({ qs: 'on' });
        messages = [];
        start(channels, all);
      }, [{ [channel]: backtrack ? { backtrack } : {} }, { port: server.port, ...options, ...control, ...how }]);
      assert.deepEqual(texts(await written(page, 'messages', expected.length)), expected);
      await page.evaluate(() => client.disconnect());
    };
    await check({ messagesPublishedAfter: 60 }, 0, ['m1', 'm2', 'm3']);
    await check({ after: Date.now() - 60_000 }, 0, ['m1', 'm2', 'm3']);
    await check({ messagesPublishedAfter: -5 }, 0, ['m1', 'm2', 'm3']);
    await check({}, 2, ['m2', 'm3']);
    await check({ messagesControlByArgument: true, qs: true, lastEventId: 'e2' }, 0, ['m3']);
  });
}

test('longpolling: a backtrack is for the first answer only', async (t) => {
  for (const text of ['a', 'b', 'c']) await server.publish('backtrack-once', text);
  const page = await started(t, { 'backtrack-once': { backtrack: 2 } }, WAYS.longpolling.options);
  await written(page, 'messages', 2);
  await server.subscribed('backtrack-once');
  await server.publish('backtrack-once', 'd');
  assert.deepEqual(texts(await written(page, 'messages', 3)), ['b', 'c', 'd']);
});

test('without autoReconnect there is no way back', async (t) => {
  const page = await started(t, { single: {} }, { modes: 'websocket', autoReconnect: false, reconnectOnTimeoutInterval: 50 }, brief);
  assert.deepEqual(await written(page, 'errors', 1), ['timeout']);
  // Long enough for three attempts.
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 200)));
  assert.deepEqual(await page.evaluate(() => states), [CONNECTING, OPEN, CLOSED]);
});

test('modes are tried in their order until one works, which is kept', async (t) => {
  const options = { modes: 'websocket|eventsource|longpolling', urlPrefixWebsocket: '/none', urlPrefixEventsource: '/none', reconnectOnChannelUnavailableInterval: 20 };
  const page = await started(t, { order: {} }, options);
  await server.subscribed('order');
  assert.deepEqual(await page.evaluate(() => errors), ['load', 'load']);
  assert.equal(await page.evaluate(() => client.wrapper.type), 'LongPolling');
  assert.deepEqual(await page.evaluate(() => client.modes), ['websocket', 'eventsource', 'longpolling']);
});

test('a mode that the browser lacks is dropped', async (t) => {
  const page = await openPage(browser, server.url);
  t.after(() => page.close());
  const types = await page.evaluate(() => {
    delete window.WebSocket;
    return new PushStream({ modes: 'websocket|eventsource|nonsense' }).wrappers.map((w) => w.type);
  });
  assert.deepEqual(types, ['EventSource']);
});

test('messages are sent by the WebSocket, or else by a POST', async (t) => {
  const check = async (modes) => {
    const channel = `send-${modes}`;
    const page = await started(t, { [channel]: {} }, { modes });
    await server.subscribed(channel);
    await written(page, 'states', 2);
    await page.evaluate(() => new Promise((ok, failed) => client.sendMessage('ä "quoted" %', ok, failed)));
    assert.deepEqual(texts(await written(page, 'messages', 1)), ['ä "quoted" %']);
  };
  await check('websocket');
  await check('eventsource');
});

test('a message that is refused tells its status', async (t) => {
  const page = await openPage(browser, server.url);
  t.after(() => page.close());
  const status = await page.evaluate(() => new Promise((resolve) => PushStream.sendMessage('/pub?id=', 'x', undefined, resolve)));
  assert.equal(status, 400);
});

test('addresses and parameters', async (t) => {
  const page = await openPage(browser, server.url);
  t.after(() => page.close());
  const seen = [];
  page.on('request', (request) => seen.push(request.url()));
  page.on('websocket', (socket) => seen.push(socket.url()));
  await page.evaluate(async (port) => {
    const tried = (options) => new Promise((resolve) => {
      const client = new PushStream({ port, ...options, onstatuschange: (state) => state !== 1 && resolve(client) });
      client.addChannel('ch1', { backtrack: 5 });
      client.addChannel('ch2');
      client.connect();
    }).then((client) => client.disconnect());
    await tried({ modes: 'eventsource', extraParams: () => ({ a: 'b c' }) });
    await tried({ modes: 'websocket', channelsByArgument: true });
    await tried({ modes: 'eventsource', messagesControlByArgument: true, lastEventId: 'e1' });
  }, server.port);
  const all = seen.map((url) => url.replace(/_=\d+/, '_=N').replace(/^.*:\d+/, ''));
  assert.deepEqual(all, [
    '/ev/ch1.b5/ch2?a=b%20c&_=N&tag=&time=&eventid=',
    '/ws?channels=ch1.b5%2Fch2&_=N&tag=&time=&eventid=',
    '/ev/ch1/ch2?_=N&tag=0&time=&eventid=e1',
  ]);
});

test('mistakes are thrown in the documented words', async (t) => {
  const page = await openPage(browser, server.url);
  t.after(() => page.close());
  const thrown = await page.evaluate(() => {
    const words = (act) => {
      try {
        act();
        return null;
      } catch (error) {
        return String(error);
      }
    };
    const client = new PushStream({ modes: 'nonsense' });
    const list = [words(() => client.connect()), words(() => client.addChannel('a b'))];
    client.addChannel('a');
    list.push(words(() => client.addChannel('a')), words(() => client.connect()));
    client.port = 0;
    list.push(words(() => client.connect()));
    client.host = '';
    list.push(words(() => client.connect()));
    return list;
  });
  assert.deepEqual(thrown, [
    'No channels specified',
    'Invalid channel name! Channel has to be a set of [a-zA-Z0-9]',
    'Cannot add channel a: already subscribed',
    'No available support for this browser',
    'PushStream port not specified',
    'PushStream host not specified',
  ]);
});

test('defaults, old names, statics', async (t) => {
  const page = await openPage(browser, server.url);
  t.after(() => page.close());
  const found = await page.evaluate(() => {
    const client = new PushStream({ longPollingByHeaders: false, reconnecttimeout: 5, jsonDataKey: 'body', secondsAgo: 3 });
    const plain = new PushStream();
    return {
      old: [client.messagesControlByArgument, client.reconnectOnTimeoutInterval, client.jsonTextKey, client.messagesPublishedAfter],
      defaults: [plain.timeout, plain.pingtimeout, plain.reconnectOnTimeoutInterval, plain.reconnectOnChannelUnavailableInterval, plain.autoReconnect],
      modes: plain.modes.join('|'),
      statics: [PushStream.CLOSED, PushStream.CONNECTING, PushStream.OPEN, PushStream.LOG_LEVEL],
      known: PushStreamManager[plain.id] === plain,
      host: plain.host,
    };
  });
  assert.deepEqual(found, {
    old: [true, 5, 'body', 3],
    defaults: [30000, 30000, 3000, 60000, true],
    modes: 'eventsource|websocket|stream|longpolling',
    statics: [0, 1, 2, 'error'],
    known: true,
    host: '127.0.0.1',
  });
});
