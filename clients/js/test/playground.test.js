// The page at `/` of the built-in configuration, in Chromium against the real server.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { findings, openBrowser, visit } from './support/browser.js';
import { Server, until } from './support/server.js';

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([Server.start(), openBrowser()]);
});
after(() => Promise.all([browser?.close(), server?.end()]));

/** The page on a channel of its own; it listens when this returns. */
async function open(channel, options) {
  const page = await visit(browser, `${server.url}/`, options);
  await listen(page, channel);
  return page;
}

async function listen(page, channel, subscribers = 1) {
  await page.getByLabel('Channel', { exact: true }).fill(channel);
  await page.getByLabel('Channel', { exact: true }).press('Enter');
  await server.subscribed(channel, subscribers);
}

const texts = (page) => page.locator('#messages .text').allTextContents();
const state = (page) => page.locator('#state').textContent();

async function publish(page, text) {
  await page.getByLabel('Message for').fill(text);
  await page.getByRole('button', { name: 'Publish', exact: true }).click();
}

test('a first visit: connected by itself, and one click shows a message with all that is known of it', async (context) => {
  const began = performance.now();
  const page = await visit(browser, `${server.url}/`);
  await page.getByRole('button', { name: 'Publish', exact: true }).click();
  await page.locator('#messages li').waitFor();
  context.diagnostic(`from the request for the page to its first message: ${Math.round(performance.now() - began)} ms`);
  assert.match(await state(page), /^connected over EventSource$/);
  assert.deepEqual(await texts(page), ['Hello, world']);
  const facts = await page.locator('#messages dl').textContent();
  assert.match(facts, /^id1time\d\d:\d\d:\d\dtag\d+latency[\d.]+ ms$/);
  await until(async () => /^Message 1, 1 subscriber/.test(await page.locator('#outcome').textContent()));
  await page.done();
});

const TRANSPORTS = { EventSource: 1, WebSocket: 1, Streaming: 1, 'Long-polling': 1, Polling: 0, JSONP: 1 };

for (const [name, subscribers] of Object.entries(TRANSPORTS)) {
  test(`${name}: old messages, then new ones in order, whatever is in them`, async () => {
    const channel = `play-${name}`;
    for (const text of ['one', 'two']) await server.publish(channel, text);
    const page = await visit(browser, `${server.url}/`);
    await page.getByText(name, { exact: true }).click();
    await listen(page, channel, subscribers);
    await until(async () => (await texts(page)).length === 2);
    await until(async () => (await state(page)) === `connected over ${name}`);
    const tricky = 'a "quote", 100 %, <b>tags</b>, \\ and ünï';
    for (const text of [tricky, 'x', 'y', 'z']) {
      await publish(page, text);
      await until(async () => (await texts(page))[0] === text);
    }
    assert.deepEqual((await texts(page)).reverse(), ['one', 'two', tricky, 'x', 'y', 'z']);
    assert.equal(await page.locator('#messages .fast').count(), 4, 'latency of what this page published');
    await page.getByRole('button', { name: 'Disconnect' }).click();
    // A script that is being loaded cannot be called off: its long-poll ends by itself.
    if (name !== 'JSONP') await server.subscribed(channel, 0);
    assert.equal(await state(page), 'not connected');
    await page.done();
  });
}

test('a text that an unencoding publisher put quotes into is shown as it is', async () => {
  const page = await open('raw');
  await server.publish('raw', 'say "hi"');
  await until(async () => (await texts(page))[0] === 'say "hi"');
  await page.done();
});

test('a refusal is explained, and connecting again is up to the visitor', async () => {
  const page = await open('allowed');
  page.expected = /status of 403/;
  await page.getByText('Streaming', { exact: true }).click();
  await page.getByLabel('Channel', { exact: true }).fill('broad_only');
  await page.getByLabel('Channel', { exact: true }).press('Enter');
  await until(async () => (await state(page)) === 'refused: 403 Subscribed too much wildcard channels.');
  await page.getByRole('button', { name: 'Connect', exact: true }).waitFor();
  await page.done();
});

test('a server that was away is found again, and a message that came meanwhile is not missed', async () => {
  const own = await Server.start();
  const page = await visit(browser, `${own.url}/`);
  page.expected = /ERR_|Failed to load/;
  await own.subscribed('news');
  await own.stop();
  await until(async () => (await state(page)).startsWith('connecting again'));
  await own.run();
  await own.publish('news', 'back');
  await until(async () => (await texts(page))[0] === 'back');
  await page.done();
  await own.end();
});

test('the curl lines that are copied do what the page did', async () => {
  const page = await open("it's", { permissions: ['clipboard-read', 'clipboard-write'] });
  const copied = async (name) => {
    await page.getByRole('button', { name }).click();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  await page.getByLabel('Message for').fill(`it's "quoted" at 100%`);
  const publishing = await copied('Copy the line that publishes');
  for (const name of ['EventSource', 'WebSocket', 'Streaming', 'Long-polling', 'Polling', 'JSONP']) {
    await page.getByText(name, { exact: true }).click();
    const subscribing = await copied('Copy the line that subscribes');
    const { stdout } = await promisify(execFile)('bash', ['-c', publishing]);
    assert.match(stdout, /"published_messages"/);
    await until(async () => (await texts(page))[0] === `it's "quoted" at 100%`);
    // What is stored comes at once, by every transport.
    const listener = spawn('bash', ['-c', `exec ${subscribing}`]);
    let heard = '';
    listener.stdout.on('data', (data) => (heard += data));
    await until(() => heard.includes(`it's%20%22quoted%22%20at%20100%25`));
    listener.kill();
  }
  await page.done();
});

test('the JavaScript lines run in a page and do the same', async () => {
  const page = await open('lines');
  await page.getByText('JavaScript', { exact: true }).click();
  await page.getByLabel('Message for').fill(`it's "quoted" at 100%`);
  const other = await browser.newPage();
  await other.goto(`${server.url}/healthz`);
  const run = (line) => other.evaluate(`(async () => { ${line} })()`).catch(() => {});
  await run(await page.locator('#publish-code').textContent());
  await until(async () => (await texts(page))[0] === `it's "quoted" at 100%`);
  for (const name of ['EventSource', 'WebSocket', 'Streaming', 'Long-polling', 'Polling', 'JSONP']) {
    await page.getByText(name, { exact: true }).click();
    const heard = other.waitForEvent('console', { timeout: 10_000 });
    void run(await page.locator('#subscribe-code').textContent());
    await heard;
  }
  await other.close();
  await page.done();
});

test('by keyboard alone', async () => {
  const page = await visit(browser, `${server.url}/`);
  await page.getByLabel('Channel', { exact: true }).focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowRight');
  await until(async () => (await state(page)) === 'connected over WebSocket');
  await page.keyboard.press('Tab');
  await page.keyboard.type('typed');
  await page.keyboard.press('Enter');
  await until(async () => (await texts(page))[0].endsWith('typed'));
  await page.done();
});

for (const colorScheme of ['light', 'dark']) {
  test(`accessible and within its width on a phone, ${colorScheme}`, async () => {
    const page = await open(`axe-${colorScheme}`, { colorScheme, viewport: { width: 360, height: 740 } });
    await publish(page, 'a message that is somewhat longer than the others, with averyveryveryverylongwordinit');
    await until(async () => (await texts(page)).length === 1);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    assert.deepEqual(await findings(page), []);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    await page.done();
  });
}

test('the policy lets no other script run, and the page asks nobody else for anything', async () => {
  const page = await open('policy');
  const hosts = new Set();
  page.on('request', (request) => hosts.add(new URL(request.url()).origin));
  page.expected = /Content Security Policy/;
  await page.reload();
  const ran = await page.evaluate(() => {
    document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.ran = true">');
    return new Promise((resolve) => setTimeout(() => resolve(window.ran), 100));
  });
  assert.equal(ran, undefined);
  assert.deepEqual([...hosts].filter((origin) => origin.startsWith('http')), [server.url]);
  const { headers } = await fetch(server.url, { headers: { accept: 'text/html' } });
  assert.match(headers.get('content-security-policy'), /^default-src 'none'; script-src 'sha256-/);
  await page.done();
});

test('who wants no HTML gets the list of addresses', async () => {
  const answer = await fetch(server.url, { headers: { accept: '*/*' } });
  assert.match(answer.headers.get('content-type'), /^text\/plain/);
  assert.match(await answer.text(), new RegExp(`curl -d 'hello' '${server.url}/pub\\?id=news'`));
});
