// Many tabs of one browser: what HTTP/1.1 lets them have, and HTTP/2.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openBrowser, openPage, PAGES } from './support/browser.js';
import { freePort, Server, until } from './support/server.js';

/** More than the connections that Chromium has to one server over HTTP/1.1. */
const TABS = 8;
const CONNECTIONS = 6;

let browser;
let server;
let folder;
let secure;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'outpour-tabs-'));
  const [key, certificate] = [`${folder}/key.pem`, `${folder}/certificate.pem`];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  const port = await freePort();
  secure = `https://127.0.0.1:${port}`;
  const tls = `default_server; listen 127.0.0.1:${port} ssl; http2 on; ssl_certificate ${certificate}; ssl_certificate_key ${key};`;
  [browser, server] = await Promise.all([openBrowser(), Server.start([...PAGES, ['default_server;', tls]])]);
});
after(async () => {
  await Promise.all([browser.close(), server.end()]);
  rmSync(folder, { recursive: true });
});

async function contextOf(t) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  t.after(() => context.close());
  return context;
}

/** A tab with a connection to the channel; `messages` is what it got. */
async function tab(context, url, channel, kind = 'EventSource', timeout = 30_000) {
  const page = await context.newPage();
  await page.goto(`${url}/page`, { timeout });
  await page.evaluate(([channel, kind]) => {
    window.messages = [];
    const source = kind === 'WebSocket' ? new WebSocket(`/ws/${channel}`) : new EventSource(`/ev/${channel}`);
    source.onmessage = ({ data }) => messages.push(JSON.parse(data).text);
    return new Promise((resolve) => (source.onopen = resolve));
  }, [channel, kind]);
  return page;
}

async function tabs(context, url, channel, count, kind) {
  const pages = [];
  for (let n = 0; n < count; n += 1) pages.push(await tab(context, url, channel, kind));
  return pages;
}

async function allGet(pages, text) {
  for (const page of pages) await until(() => page.evaluate((text) => messages.at(-1) === text, text));
}

describe('tabs', { concurrency: 2 }, () => {
  test('HTTP/1.1: the seventh tab with an EventSource waits until one of the six goes', async (t) => {
    const context = await contextOf(t);
    const pages = await tabs(context, server.url, 'six', CONNECTIONS);
    // Not even its page comes: all connections are taken.
    await assert.rejects(tab(context, server.url, 'six', 'EventSource', 1_000), /Timeout/);
    await pages.shift().close();
    pages.push(await tab(context, server.url, 'six'));
    await server.publish('six', 'for all');
    await allGet(pages, 'for all');
  });

  test('HTTP/1.1: WebSockets do not count', async (t) => {
    const pages = await tabs(await contextOf(t), server.url, 'sockets', TABS, 'WebSocket');
    await server.publish('sockets', 'for all');
    await allGet(pages, 'for all');
  });

  test('HTTP/2: every tab has its EventSource', async (t) => {
    const pages = await tabs(await contextOf(t), secure, 'many', TABS);
    const protocols = await Promise.all(pages.map((page) => page.evaluate(() => performance.getEntriesByType('navigation')[0].nextHopProtocol)));
    assert.deepEqual(new Set(protocols), new Set(['h2']));
    await server.publish('many', 'for all');
    await allGet(pages, 'for all');
  });
});

test('useSSL: https and wss', async (t) => {
  const context = await contextOf(t);
  for (const [modes, type] of [['websocket', 'WebSocket'], ['eventsource', 'EventSource'], ['longpolling', 'LongPolling']]) {
    const page = await openPage(context, secure);
    await page.evaluate(([modes, channel]) => start({ [channel]: {} }, { useSSL: true, port: location.port, modes }), [modes, `ssl-${modes}`]);
    await server.subscribed(`ssl-${modes}`);
    await server.publish(`ssl-${modes}`, 'secret');
    await until(() => page.evaluate(() => messages.length === 1));
    assert.equal(await page.evaluate(() => client.wrapper.type), type);
  }
});
