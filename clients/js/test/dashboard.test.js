// The dashboard of the built-in configuration, in Chromium against the real server.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { findings, openBrowser, visit } from './support/browser.js';
import { Server, until } from './support/server.js';

/** Beside the built-in one: a dashboard that only looks, and one behind a password. */
const MORE = `
        location = /look { push_stream_dashboard; }
        location = /guarded { push_stream_dashboard admin; auth_basic "dashboard"; auth_basic_user_file users; }
        location = / {`;

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([Server.start([['        location = / {', MORE]]), openBrowser()]);
  writeFileSync(join(server.directory, 'users'), `ann:{SHA}${createHash('sha1').update('secret').digest('base64')}\n`);
});
after(() => Promise.all([browser?.close(), server?.end()]));

/** The dashboard, when its first samples have come. */
async function open(path = '/dashboard', options = {}) {
  const page = await visit(browser, `${server.url}${path}`, options);
  await until(async () => (await page.locator('#t-subscribers').textContent()) !== '-');
  return page;
}

const text = (page, selector) => page.locator(selector).textContent();

/** A subscriber that stays until it is aborted. */
async function listen(path) {
  const end = new AbortController();
  const answer = await fetch(`${server.url}${path}`, { signal: end.signal });
  answer.text().catch(() => {});
  return end;
}

test('subscribers, messages, channels and events appear as it happens', async () => {
  const page = await open();
  const before = Number(await text(page, '#t-subscribers'));
  const ends = await Promise.all(['/ev/busy', '/sub/busy', '/sub/quiet'].map(listen));
  await until(async () => Number(await text(page, '#t-subscribers')) === before + 3);
  await until(async () => (await text(page, '#events')).includes('subscribed tobusy'));
  for (let n = 0; n < 20; n += 1) await server.publish('busy', 'x'.repeat(1000));
  await server.publish('quiet', 'y');
  await until(async () => /^[\d.]+\/s$/.test(await text(page, '#t-out')) && (await text(page, '#t-out-more')) === '41 so far');
  const row = page.locator('#top tr').first();
  await until(async () => /^busy2/.test(await row.textContent()));
  assert.match(await row.textContent(), /2020$/, 'stored and published');
  await page.locator('#overview').getByText('Bytes', { exact: true }).click();
  assert.equal(await page.locator('#plot-messages canvas').count(), 1);
  ends.forEach((end) => end.abort());
  await until(async () => (await text(page, '#events')).includes('leftquiet'));
  await until(async () => Number(await text(page, '#t-subscribers')) === before);
  await page.done();
});

test('a channel: what is stored, what comes live, and an admin publishes and deletes', async () => {
  await server.publish('room/1', 'stored\nin two lines');
  await server.publish('room%2F1', 'stored\nin two lines');
  const page = await open();
  await page.getByLabel('Channel', { exact: true }).fill('room');
  await page.getByRole('button', { name: 'Open' }).click();
  const texts = () => page.locator('#tail td:last-child').allTextContents();
  await until(async () => (await texts()).length === 2);
  await server.publish('room', 'live <b>');
  await until(async () => (await texts())[0] === 'live <b>');
  await page.getByRole('textbox', { name: 'Message' }).fill('from "here", 100 %\nünï');
  await page.getByRole('button', { name: 'Publish' }).click();
  await until(async () => (await texts())[0] === 'from "here", 100 %\nünï');
  await until(async () => (await text(page, '#c-published')) === '4' && (await text(page, '#c-stored')) === '4');
  page.once('dialog', (dialog) => dialog.accept());
  page.expected = /status of 404/;
  await page.getByRole('button', { name: 'Delete channel' }).click();
  await until(async () => (await text(page, '#outcome')) === 'Channel deleted.');
  await until(async () => (await text(page, '#tail-state')) === 'there is no such channel');
  assert.equal(await server.subscribers('room'), 0);
  await page.getByRole('link', { name: 'Overview', exact: true }).click();
  await page.locator('#overview').waitFor();
  await page.done();
});

test('without admin there is nothing to press, and nothing to be had by force', async () => {
  await server.publish('kept', 'x');
  const page = await open('/look#channel=kept');
  await until(async () => (await page.locator('#tail tr').count()) === 1);
  assert.equal(await page.getByRole('button', { name: 'Delete channel' }).isVisible(), false);
  assert.equal(await page.getByRole('button', { name: 'Publish' }).isVisible(), false);
  page.expected = /status of 405/;
  const status = await page.evaluate(async () => (await fetch('?id=kept', { method: 'DELETE', headers: { 'X-Outpour-Dashboard': '1' } })).status);
  assert.equal(status, 405);
  await page.done();
});

test('a page of another origin can neither publish nor delete, whatever it sends', async () => {
  await server.publish('mine', 'x');
  const page = await visit(browser, `http://localhost:${server.port}/healthz`);
  page.expected = /CORS|Failed to load|ERR_FAILED/;
  const attempts = await page.evaluate(async (url) => {
    const attempt = (init) => fetch(`${url}/dashboard?id=mine`, init).then(({ status }) => status, () => 'blocked');
    return [
      await attempt({ method: 'POST', body: 'y', mode: 'no-cors' }),
      await attempt({ method: 'POST', body: 'y', headers: { 'X-Outpour-Dashboard': '1' } }),
      await attempt({ method: 'DELETE' }),
    ];
  }, server.url);
  assert.deepEqual(attempts, [0, 'blocked', 'blocked']);
  const { published_messages: published } = await (await fetch(`${server.url}/channels-stats?id=mine`)).json();
  assert.equal(Number(published), 1);
  await page.done();
});

test('behind a password: the page, its feed and its actions', async () => {
  const denied = await fetch(`${server.url}/guarded`);
  assert.equal(denied.status, 401);
  const page = await open('/guarded#channel=secret', { httpCredentials: { username: 'ann', password: 'secret' } });
  page.expected = /status of 404/;
  await page.getByRole('textbox', { name: 'Message' }).fill('published');
  await page.getByRole('button', { name: 'Publish' }).click();
  await until(async () => (await page.locator('#tail td:last-child').allTextContents()).includes('published'));
  await page.done();
});

test('names that lead here by a trick of DNS are not let in', () => {
  const curl = (host) => execFileSync('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', '-H', `Host: ${host}`, `${server.url}/dashboard`], { encoding: 'utf8' });
  assert.deepEqual(['evil.test', 'localhost:9', '[::1]:9080', '127.0.0.1'].map(curl), ['403', '200', '200', '200']);
});

test('a server that was away is shown again, from its new beginning', async () => {
  const own = await Server.start();
  const page = await visit(browser, `${own.url}/dashboard`);
  page.expected = /ERR_|Failed to load/;
  await until(async () => (await text(page, '#state')) === 'live');
  await own.publish('one', 'x');
  await until(async () => (await text(page, '#t-in-more')) === '1 so far');
  await own.stop();
  await until(async () => (await text(page, '#state')) === 'connecting again');
  await own.run();
  await until(async () => (await text(page, '#state')) === 'live' && (await text(page, '#t-in-more')) === '0 so far');
  await page.done();
  await own.end();
});

for (const colorScheme of ['light', 'dark']) {
  test(`accessible and within its width on a phone, ${colorScheme}`, async () => {
    const subscriber = await listen(`/sub/axe-${colorScheme}`);
    await server.publish(`axe-${colorScheme}`, 'x');
    const page = await open('/dashboard', { colorScheme, viewport: { width: 360, height: 740 } });
    await until(async () => (await page.locator('#top tr').count()) > 0);
    assert.deepEqual(await findings(page), []);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    await page.getByRole('link', { name: `axe-${colorScheme}` }).first().click();
    await until(async () => (await page.locator('#tail tr').count()) === 1);
    assert.deepEqual(await findings(page), []);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    subscriber.abort();
    await page.done();
  });
}

test('the plots in the binary are the ones of the package', () => {
  const file = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');
  const vendored = '../../../crates/server/src/pages/vendor/uplot/';
  for (const [ours, theirs] of [['uPlot.iife.min.js', 'dist/uPlot.iife.min.js'], ['uPlot.min.css', 'dist/uPlot.min.css'], ['LICENSE', 'LICENSE']]) {
    assert.equal(file(`${vendored}${ours}`), file(`../node_modules/uplot/${theirs}`), ours);
  }
});
