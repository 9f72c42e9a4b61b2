// What pages read of, and servers receive from, the classic client beyond its life cycle.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Barrier } from './support/barrier.js';
import { openBrowser, openPage, PAGES } from './support/browser.js';
import { root, Server, until } from './support/server.js';

/** Locations whose template has other names, and whose polls end with a body; pings every second everywhere. */
const LOCATIONS = String.raw`
        location ~ ^/names/(.*) {
            push_stream_subscriber eventsource;
            push_stream_channels_path $1;
            push_stream_message_template "{\"i\":~id~,\"c\":\"~channel~\",\"x\":\"~text~\",\"g\":\"~tag~\",\"t\":\"~time~\",\"e\":\"~event-id~\"}";
        }
        location ~ ^/body/(.*) {
            push_stream_subscriber long-polling;
            push_stream_channels_path $1;
            push_stream_longpolling_connection_ttl 1s;
        }
        location = /page {`;

let browser;
let server;
before(async () => {
  const pings = ['push_stream_ping_message_interval       30s;', 'push_stream_ping_message_interval 1s; push_stream_timeout_with_body on;'];
  [browser, server] = await Promise.all([openBrowser(), Server.start([...PAGES, pings, ['        location = /page {', LOCATIONS]])]);
});
after(() => Promise.all([browser.close(), server.end()]));

/** A page of the client in a context of its own. */
async function opened(t, url = server.url) {
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await openPage(context, url);
  page.asked = [];
  page.on('request', (request) => page.asked.push(request));
  return page;
}

/** Starts a client of these channels with the options, which are for the page's own server. */
const start = (page, channels, options) =>
  page.evaluate(([channels, options]) => window.start(channels, { port: location.port, ...options }), [channels, options]);

const received = async (page, count) => {
  await until(() => page.evaluate((count) => messages.length >= count, count));
  return page.evaluate(() => messages);
};

/** Path and arguments, with N for what the clock or chance decides. */
const address = (url) => url.replace(/^\w+:\/\/[^/]+/, '').replace(/([?&]_=)\d+/, '$1N').replace(/onmessage_\d+/, 'onmessage_N');

describe('the script', { concurrency: 3 }, () => {
  test('may be loaded twice', async (t) => {
    const page = await opened(t);
    const code = readFileSync(`${root}clients/js/dist/pushstream.js`, 'utf8');
    const same = await page.evaluate((code) => {
      const [first, client] = [PushStream, new PushStream()];
      new Function(code)();
      return first === PushStream && PushStreamManager[client.id] === client;
    }, code);
    assert.equal(same, true);
  });

  test('defines Utils for Jasmine alone', async (t) => {
    const page = await opened(t);
    assert.equal(await page.evaluate(() => 'Utils' in window), false);
    const code = readFileSync(`${root}clients/js/dist/pushstream.js`, 'utf8');
    const names = await page.evaluate((code) => {
      delete window.PushStream;
      window.jasmine = {};
      new Function(code)();
      return Object.keys(Utils).sort();
    }, code);
    assert.deepEqual(names, ['dateToUTCString', 'extract_xss_domain', 'isCrossDomainUrl', 'parseJSON', 'parseMessage']);
  });

  test('writes its log to the console, and the last hundred lines into an element', async (t) => {
    const page = await opened(t);
    const said = [];
    page.on('console', (message) => said.push(message.text()));
    const lines = await page.evaluate(() => {
      const element = Object.assign(document.createElement('div'), { id: PushStream.LOG_OUTPUT_ELEMENT_ID });
      document.body.append(element);
      const client = new PushStream();
      client.addChannel('silent');
      PushStream.LOG_LEVEL = 'info';
      for (let n = 0; n < 120; n += 1) client.addChannel(`channel-${n}`);
      PushStream.LOG_LEVEL = 'error';
      return [...element.childNodes].map((line) => line.textContent);
    });
    assert.equal(lines.length, 100);
    assert.match(lines.at(-1), /channel-119$/);
    await until(() => said.length === 120);
    assert.ok(!said.some((line) => line.includes('silent')));
  });
});

describe('options', { concurrency: 3 }, () => {
  test('0, an empty text and null count as not given', async (t) => {
    const page = await opened(t);
    const found = await page.evaluate(() => {
      const client = new PushStream({ timeout: 0, urlPrefixStream: '', modes: null, host: '', port: 0, autoReconnect: null });
      return [client.timeout, client.urlPrefixStream, client.modes.length, client.host, client.port, client.autoReconnect];
    });
    assert.deepEqual(found, [30000, '/sub', 4, '127.0.0.1', 80, true]);
  });

  test('all names from before 0.4.0', async (t) => {
    const page = await opened(t);
    const found = await page.evaluate(() => {
      const old = {
        jsonDataKey: 'data',
        longPollingUseJSONP: true,
        longPollingTagArgument: 'g',
        longPollingTimeArgument: 't',
        longPollingByHeaders: false,
        longPollingTimeout: 1,
        reconnecttimeout: 2,
        checkChannelAvailabilityInterval: 3,
        secondsAgo: 4,
        longPollingInterval: 5,
      };
      const client = new PushStream(old);
      const names = ['jsonTextKey', 'useJSONP', 'tagArgument', 'timeArgument', 'messagesControlByArgument', 'timeout'];
      const later = ['reconnectOnTimeoutInterval', 'reconnectOnChannelUnavailableInterval', 'messagesPublishedAfter'];
      return [...names, ...later].map((name) => client[name]);
    });
    assert.deepEqual(found, ['data', true, 'g', 't', true, 1, 2, 3, 4]);
  });

  test('the names of a JSON template', async (t) => {
    const page = await opened(t);
    const keys = { jsonIdKey: 'i', jsonChannelKey: 'c', jsonTextKey: 'x', jsonTagKey: 'g', jsonTimeKey: 't', jsonEventIdKey: 'e' };
    await start(page, { names: {} }, { modes: 'eventsource', urlPrefixEventsource: '/names', ...keys });
    await server.subscribed('names');
    await server.publish('names', 'hello', { 'Event-Id': 'e1' });
    const [message] = await received(page, 1);
    assert.deepEqual({ ...message, time: undefined }, { text: 'hello', id: 1, channel: 'names', eventId: 'e1', last: true, time: undefined });
    assert.match(message.time, /GMT$/);
  });

  test('names of arguments, and schemes with their ports', async (t) => {
    const page = await opened(t);
    const seen = [];
    page.on('websocket', (socket) => seen.push(socket.url()));
    await page.evaluate(() => {
      const names = { tagArgument: 'g', timeArgument: 't', eventIdArgument: 'e', channelsByArgument: true, channelsArgument: 'list' };
      const connect = (options) => {
        const client = new PushStream({ autoReconnect: false, ...options });
        client.addChannel('a', { backtrack: 2 });
        client.addChannel('b');
        client.connect();
      };
      connect({ modes: 'eventsource', port: location.port, ...names });
      // Nobody listens there: the attempt is what counts.
      connect({ modes: 'websocket' });
      connect({ modes: 'websocket', useSSL: true });
      connect({ modes: 'websocket', port: 443 });
      connect({ modes: 'websocket', useSSL: true, port: 8443 });
    });
    await until(() => seen.length === 4 && page.asked.length >= 1);
    const url = page.asked.map((request) => request.url()).find((one) => one.includes('/ev?'));
    assert.equal(address(url), '/ev?list=a.b2%2Fb&_=N&g=&t=&e=');
    const origins = seen.map((one) => one.split('/ws')[0]).sort();
    assert.deepEqual(origins, ['ws://127.0.0.1', 'ws://127.0.0.1:443', 'wss://127.0.0.1', 'wss://127.0.0.1:8443']);
  });

  test('pingtimeout ends a stream that is silent, and pings keep one', async (t) => {
    const page = await opened(t);
    await start(page, { silent: {} }, { modes: 'stream', urlPrefixStream: '/stream', pingtimeout: 300, autoReconnect: false });
    await until(() => page.evaluate(() => errors.length === 1));
    assert.deepEqual(await page.evaluate(() => [errors, states]), [['timeout'], [1, 2, 0]]);
    await start(page, { kept: {} }, { modes: 'stream', urlPrefixStream: '/stream', pingtimeout: 3_000, autoReconnect: false });
    await page.evaluate(() => {
      // Counts calls of p, which are pings here.
      window.pings = 0;
      const receive = client._receive.bind(client);
      client._receive = (message, last) => ((pings += message.id === -1 ? 1 : 0), receive(message, last));
    });
    await until(() => page.evaluate(() => pings >= 4));
    assert.deepEqual(await page.evaluate(() => [errors.length, messages]), [1, []]);
  });

  test('timeout, and two seconds, are what a long-poll has', async (t) => {
    const barrier = await Barrier.start(server.port, (head) => (head.startsWith('GET /lp/') ? 'hold' : undefined));
    t.after(() => barrier.end());
    const page = await opened(t, barrier.url);
    await start(page, { slow: {} }, { modes: 'longpolling', timeout: 100 });
    const polls = () => page.asked.filter((request) => request.url().includes('/lp/'));
    await until(() => polls().length >= 2);
    const [first, second] = await page.evaluate(() => performance.getEntriesByType('resource').filter((one) => one.name.includes('/lp/')).map((one) => one.startTime)).then((times) => [times[0], times[1] ?? Infinity]);
    assert.ok(second - first >= 2_100, `${first} ${second}`);
    assert.deepEqual(await page.evaluate(() => errors), []);
  });
});

describe('methods', { concurrency: 3 }, () => {
  test('channels are taken back with the next connection', async (t) => {
    const page = await opened(t);
    await start(page, { 'kept-1': {}, 'gone-1': {} }, { modes: 'websocket' });
    await server.subscribed('gone-1');
    await page.evaluate(() => client.removeChannel('gone-1'));
    assert.deepEqual(await page.evaluate(() => [client.channelsCount, Object.keys(client.channels)]), [1, ['kept-1']]);
    assert.equal(Number(await server.subscribers('gone-1')), 1);
    await page.evaluate(() => client.connect());
    await server.subscribed('gone-1', 0);
    await server.subscribed('kept-1');
    const nothing = await page.evaluate(() => {
      client.disconnect();
      client.removeAllChannels();
      try {
        client.connect();
      } catch (error) {
        return [String(error), client.channelsCount];
      }
    });
    assert.deepEqual(nothing, ['No channels specified', 0]);
  });

  test('connect() begins with the first mode again', async (t) => {
    const page = await opened(t);
    const options = { modes: 'websocket|eventsource', urlPrefixWebsocket: '/none', reconnectOnChannelUnavailableInterval: 20 };
    await start(page, { again: {} }, options);
    await until(() => page.evaluate(() => client.readyState === PushStream.OPEN));
    const types = await page.evaluate(() => {
      const now = client.wrapper.type;
      client.connect();
      return [now, client.wrapper.type];
    });
    assert.deepEqual(types, ['EventSource', 'WebSocket']);
  });

  test('sendMessage needs a transport', async (t) => {
    const page = await opened(t);
    const thrown = await page.evaluate(() => {
      try {
        new PushStream().sendMessage('too early');
      } catch (error) {
        return error.name;
      }
    });
    assert.equal(thrown, 'TypeError');
  });

  test('the POST of sendMessage', async (t) => {
    const page = await opened(t);
    await start(page, { 'post-1': { backtrack: 3 }, 'post-2': {} }, { modes: 'eventsource' });
    await server.subscribed('post-2');
    const answer = await page.evaluate(() => new Promise((ok, failed) => client.sendMessage("it's ü", ok, failed)));
    // The slash in front makes a channel without a name, as it always did.
    assert.deepEqual(JSON.parse(answer).infos.map(({ channel }) => channel), ['', 'post-1', 'post-2']);
    const post = page.asked.find((request) => request.method() === 'POST');
    assert.equal(address(post.url()), '/pub?id=/post-1/post-2&_=N');
    assert.equal(post.postData(), 'it%27s%20%C3%BC');
    assert.equal(post.headers()['accept'], 'application/json');
    assert.equal(post.headers()['content-type'], 'application/x-www-form-urlencoded');
    assert.deepEqual((await received(page, 2)).map((message) => [message.channel, message.text]), [['post-1', "it's ü"], ['post-2', "it's ü"]]);
    await page.evaluate(() => new Promise((ok, failed) => PushStream.sendMessage('/pub?id=post-2', 'static', ok, failed)));
    assert.equal((await received(page, 3))[2].text, 'static');
  });

  test('names of channels that encodeURIComponent leaves alone', async (t) => {
    const page = await opened(t);
    // Without the asterisk, which servers refuse.
    const name = "a-_.!~'()z";
    await start(page, { [name]: {} }, { modes: 'websocket' });
    await until(() => page.evaluate(() => client.readyState === PushStream.OPEN));
    await page.evaluate(() => client.sendMessage('here'));
    assert.deepEqual((await received(page, 1)).map((message) => [message.channel, message.text]), [[name, 'here']]);
  });
});

describe('callbacks', { concurrency: 3 }, () => {
  test('have the client as this', async (t) => {
    const page = await opened(t);
    await page.evaluate(() => {
      window.all = [];
      const note = function () {
        all.push(this === client);
      };
      window.client = new PushStream({ port: location.port, modes: 'websocket', onmessage: note, onstatuschange: note, onchanneldeleted: note });
      client.addChannel('this');
      client.connect();
    });
    await server.subscribed('this');
    await server.publish('this', 'x');
    await server.delete('this');
    await until(() => page.evaluate(() => all.length >= 4));
    assert.ok((await page.evaluate(() => all)).every(Boolean));
  });

  test('the last message of a long-poll is told from the others', async (t) => {
    for (const text of ['a', 'b', 'c']) await server.publish('batch', text);
    const page = await opened(t);
    await start(page, { batch: { backtrack: 3 } }, { modes: 'longpolling' });
    const all = await received(page, 3);
    assert.deepEqual(all.map(({ text, last }) => [text, last]), [['a', false], ['b', false], ['c', true]]);
  });

  test('signs of the server reach none', async (t) => {
    const page = await opened(t);
    // Each poll ends with a message -3.
    await start(page, { signs: {} }, { modes: 'longpolling', urlPrefixLongpolling: '/body' });
    await until(() => page.asked.filter((request) => request.url().includes('/body/')).length >= 3);
    await server.publish('signs', 'a message');
    assert.deepEqual((await received(page, 1)).map((message) => message.text), ['a message']);
    assert.deepEqual(await page.evaluate(() => [errors, deleted]), [[], []]);
  });

  test('events of a type are not for them', async (t) => {
    const page = await opened(t);
    await start(page, { types: {} }, { modes: 'eventsource' });
    await server.subscribed('types');
    await server.publish('types', 'typed', { 'Event-Type': 'news' });
    await server.publish('types', 'plain');
    assert.deepEqual((await received(page, 1)).map((message) => message.text), ['plain']);
  });
});

describe('transports', { concurrency: 3 }, () => {
  test('a WebSocket that breaks is a failure to load', async (t) => {
    const barrier = await Barrier.start(server.port, () => undefined);
    t.after(() => barrier.end());
    const page = await opened(t, barrier.url);
    await start(page, { breaking: {} }, { modes: 'websocket', reconnectOnTimeoutInterval: 60_000, reconnectOnChannelUnavailableInterval: 20 });
    await server.subscribed('breaking');
    for (const socket of barrier.sockets) socket.destroy();
    await until(() => page.evaluate(() => states.length === 5));
    assert.deepEqual(await page.evaluate(() => [errors, states]), [['load'], [1, 2, 0, 1, 2]]);
  });

  test('a long-poll that is forbidden is a failure to load', async (t) => {
    const page = await opened(t);
    await start(page, { broad_only: {} }, { modes: 'longpolling', autoReconnect: false });
    await until(() => page.evaluate(() => errors.length === 1));
    assert.deepEqual(await page.evaluate(() => [errors, client.readyState]), [['load'], 0]);
  });

  test('the headers of long-polling', async (t) => {
    const page = await opened(t);
    await start(page, { headers: {} }, { modes: 'longpolling' });
    await server.subscribed('headers');
    await server.publish('headers', 'x');
    const polls = () => page.asked.filter((request) => request.url().includes('/lp/'));
    await until(() => polls().length === 2);
    const [first, second] = polls();
    assert.deepEqual([first.headers()['if-none-match'], first.headers()['if-modified-since']], ['0', 'null']);
    const answer = (await first.response()).headers();
    assert.deepEqual([second.headers()['if-none-match'], second.headers()['if-modified-since']], [answer['etag'], answer['last-modified']]);
    assert.equal(address(first.url()), '/lp/headers?&tag=&time=&eventid=&_=N');
  });

  test('the moment from which old messages are wanted', async (t) => {
    const page = await opened(t);
    await start(page, { moment: {} }, { modes: 'longpolling', messagesPublishedAfter: -1 });
    await until(() => page.asked.some((request) => request.url().includes('/lp/')));
    assert.equal(page.asked.find((request) => request.url().includes('/lp/')).headers()['if-modified-since'], 'Thu, 01 Jan 1970 00:00:00 GMT');
  });

  test('the script and the callback of JSONP', async (t) => {
    const page = await opened(t);
    await start(page, { script: {} }, { modes: 'longpolling', useJSONP: true, urlPrefixLongpolling: '/jsonp' });
    await server.subscribed('script');
    const request = await until(() => page.asked.find((one) => one.url().includes('/jsonp/')));
    assert.equal(request.resourceType(), 'script');
    assert.equal(address(request.url()), '/jsonp/script?&tag=0&time=&eventid=&callback=PushStreamManager_0_onmessage_N&_=N');
    assert.deepEqual(await page.evaluate(() => [!!document.getElementById('PushStreamManager_0'), client.messagesControlByArgument]), [true, true]);
    await page.evaluate(() => client.disconnect());
    await server.subscribed('script', 0);
    assert.equal(await page.evaluate(() => document.querySelectorAll('iframe').length), 0);
  });

  test('the frame of a stream', async (t) => {
    const page = await opened(t);
    await start(page, { frame: {} }, { modes: 'stream', urlPrefixStream: '/stream', extraParams: undefined });
    await server.subscribed('frame');
    const found = await page.evaluate(() => {
      const frame = document.getElementById('PushStreamManager_0');
      return [frame.tagName, frame.clientWidth, frame.clientHeight, frame.src];
    });
    assert.deepEqual([...found.slice(0, 3), address(found[3])], ['IFRAME', 1, 1, '/stream/frame?_=N&streamid=0&tag=&time=&eventid=']);
    await server.publish('frame', 'it%27s');
    assert.equal((await received(page, 1))[0].text, "it's");
  });

  test('an EventSource goes on behind what came, at an address that says so', async (t) => {
    const barrier = await Barrier.start(server.port, () => undefined);
    t.after(() => barrier.end());
    const page = await opened(t, barrier.url);
    await page.evaluate(() => {
      start({ onward: {} }, { port: location.port, modes: 'eventsource', messagesControlByArgument: true, extraParams: () => ({ qs: 'on' }), reconnectOnTimeoutInterval: 20 });
    });
    await server.subscribed('onward');
    for (const text of ['a', 'b']) await server.publish('onward', text);
    await received(page, 2);
    for (const socket of barrier.sockets) socket.destroy();
    await server.publish('onward', 'c');
    assert.deepEqual((await received(page, 3)).map((message) => message.text), ['a', 'b', 'c']);
    assert.deepEqual(await page.evaluate(() => [states, errors]), [[1, 2], []]);
  });
});
