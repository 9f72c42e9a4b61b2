// The ES module with what a browser itself has: messages both ways, other channels, workers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { openBrowser, openModulePage, PAGES } from './support/browser.js';
import { root, Server, until } from './support/server.js';

let browser;
let server;
before(async () => ([browser, server] = await Promise.all([openBrowser(), Server.start(PAGES)])));
after(() => Promise.all([browser.close(), server.end()]));

async function opened(t) {
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await openModulePage(context, server.url);
  t.after(() => assert.deepEqual(page.errors, []));
  return page;
}

async function received(page, expected) {
  await until(() => page.evaluate((count) => messages.length >= count, expected.length));
  assert.deepEqual(await page.evaluate(() => messages), expected);
}

describe('in a page', { concurrency: 2 }, () => {
  for (const transport of ['websocket', 'eventsource', 'streaming', 'longpolling']) {
    test(`${transport}: receives what the page publishes, and other channels while connected`, async (t) => {
      const page = await opened(t);
      const [one, two] = [`page-${transport}-1`, `page-${transport}-2`];
      await page.evaluate(([transport, one]) => {
        window.messages = [];
        window.subscription = outpour.subscribe(one, { transport });
        subscription.addEventListener('message', ({ message }) => messages.push(message.data));
      }, [transport, one]);
      await server.subscribed(one);
      const info = await page.evaluate((one) => outpour.publish(one, `it's "ünï", 100 %`), one);
      assert.equal(info.subscribers, 1);
      await page.evaluate(([one, two]) => {
        subscription.channels = [one, two];
        return outpour.publish(one, 'meanwhile');
      }, [one, two]);
      await server.subscribed(two);
      await page.evaluate((two) => outpour.publish(two, { typed: true }), two);
      await received(page, ['it\'s "ünï", 100 %', 'meanwhile', '{"typed":true}']);
      await page.evaluate(() => subscription.close());
      await server.subscribed(two, 0);
    });
  }

  test('in a worker', async (t) => {
    const page = await opened(t);
    const code = readFileSync(`${root}clients/js/dist/outpour.js`, 'utf8');
    await page.evaluate(([code, url]) => {
      window.messages = [];
      const blob = (text) => URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
      const source = `import { subscribe } from '${blob(code)}';
        subscribe('worker', { url: '${url}' }).addEventListener('message', ({ message }) => postMessage(message.data));`;
      const worker = new Worker(blob(source), { type: 'module' });
      worker.onmessage = ({ data }) => messages.push(data);
    }, [code, server.url]);
    await server.subscribed('worker');
    await server.publish('worker', 'hello');
    await received(page, ['hello']);
  });

  test('a refusal that will not go away ends it without a wait', async (t) => {
    const page = await opened(t);
    await page.evaluate(() => {
      window.subscription = outpour.subscribe('refused', { transport: 'streaming', paths: { streaming: '/nowhere' }, backoff: { min: 60_000 } });
    });
    await until(() => page.evaluate(() => subscription.state === 'closed'));
  });

  test('comes back at once when the network does', async (t) => {
    const page = await opened(t);
    const context = page.context();
    await context.setOffline(true);
    await page.evaluate(() => {
      window.states = [];
      window.subscription = outpour.subscribe('online', { transport: 'streaming', backoff: { min: 60_000, max: 60_000 } });
      subscription.addEventListener('state', ({ detail }) => states.push(detail));
    });
    await until(() => page.evaluate(() => subscription.state === 'waiting'));
    await context.setOffline(false);
    await until(() => page.evaluate(() => subscription.state === 'open'));
    assert.deepEqual(await page.evaluate(() => states), ['waiting', 'connecting', 'open']);
  });
});
