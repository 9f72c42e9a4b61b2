// How long a page takes from its load to its first message: printed, for every way of receiving.
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openBrowser, PAGES } from './support/browser.js';
import { root, Server } from './support/server.js';

const PAGES_PER_WAY = 3;

const CLASSIC = {
  websocket: "modes: 'websocket'",
  eventsource: "modes: 'eventsource'",
  stream: "modes: 'stream', urlPrefixStream: '/stream'",
  longpolling: "modes: 'longpolling'",
  jsonp: "modes: 'longpolling', useJSONP: true, urlPrefixLongpolling: '/jsonp'",
};
const MODULE = ['websocket', 'eventsource', 'streaming', 'longpolling'];

const classicPage = (options) => `<!doctype html><title>first</title><body><script src="pushstream.js"></script><script>
const client = new PushStream({ port: location.port, ${options}, onmessage: () => (window.first ??= performance.now()) });
client.addChannel('first', { backtrack: 1 });
client.connect();
</script>`;

const modulePage = (transport) => `<!doctype html><title>first</title><script type="module">
import { subscribe } from './outpour.js';
const subscription = subscribe('first', { transport: '${transport}', since: { backtrack: 1 } });
subscription.addEventListener('message', () => (window.first ??= performance.now()));
</script>`;

let browser;
let server;
let folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'outpour-first-'));
  for (const name of ['pushstream.js', 'outpour.js']) copyFileSync(`${root}clients/js/dist/${name}`, `${folder}/${name}`);
  for (const [way, options] of Object.entries(CLASSIC)) writeFileSync(`${folder}/pushstream-${way}.html`, classicPage(options));
  for (const way of MODULE) writeFileSync(`${folder}/outpour-${way}.html`, modulePage(way));
  const location = `        location /first/ { alias ${folder}/; types { text/html html; text/javascript js; } }\n        location = /page {`;
  [browser, server] = await Promise.all([openBrowser(), Server.start([...PAGES, ['        location = /page {', location]])]);
  await server.publish('first', 'hello');
});
after(async () => {
  await Promise.all([browser.close(), server.end()]);
  rmSync(folder, { recursive: true });
});

test('from the load of a page to its first message', async (t) => {
  const context = await browser.newContext();
  t.after(() => context.close());
  const ways = [...Object.keys(CLASSIC).map((way) => `pushstream-${way}`), ...MODULE.map((way) => `outpour-${way}`)];
  for (const way of ways) {
    const times = [];
    for (let n = 0; n < PAGES_PER_WAY; n += 1) {
      const page = await context.newPage();
      await page.goto(`${server.url}/first/${way}.html`, { waitUntil: 'commit' });
      times.push(await (await page.waitForFunction(() => window.first)).jsonValue());
      await page.close();
    }
    times.sort((a, b) => a - b);
    const [least, median, most] = [0, 0.5, 1].map((part) => times[Math.round(part * (times.length - 1))].toFixed(0));
    t.diagnostic(`${way.padEnd(22)} ${median} ms (${least} to ${most})`);
    assert.ok(least > 0);
  }
});
