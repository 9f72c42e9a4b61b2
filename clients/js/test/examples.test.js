// Every example under examples/, started by its one command and looked at in Chromium.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { openBrowser } from './support/browser.js';
import { Example } from './support/example.js';
import { root, until } from './support/server.js';

const run = promisify(execFile);

let browser;
before(async () => (browser = await openBrowser()));
after(() => browser.close());

const tested = new Set();

/** A test of the example `name`, with a function that opens pages of it; none may say anything to the console. */
function example(name, environment, look) {
  tested.add(name);
  test(name, async (t) => {
    const started = await Example.start(name, environment);
    t.after(() => started.end());
    const newContext = async () => {
      const context = await browser.newContext();
      t.after(() => context.close());
      return context;
    };
    const here = await newContext();
    const complaints = [];
    // In a window of one browser, or in a browser of its own.
    const open = async (path = '/', alone = false) => {
      const page = await (alone ? await newContext() : here).newPage();
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
      // Not for its load event: that of a picture that never ends does not come.
      await page.goto(started.url + path, { waitUntil: 'commit' });
      return page;
    };
    try {
      await look(started, open);
      assert.deepEqual(complaints, []);
    } catch (error) {
      error.message += `\n${[...complaints, started.said].join('\n')}`;
      throw error;
    }
  });
}

const texts = (page, selector) => page.locator(selector).allTextContents();

/** Waits until the elements have these texts. */
async function shows(page, selector, expected) {
  let found;
  await until(async () => {
    found = await texts(page, selector);
    return found.length >= expected.length;
  });
  assert.deepEqual(found, expected);
}

async function publish(url, channel, text) {
  const answer = await fetch(`${url}/pub?id=${channel}`, { method: 'POST', body: text });
  assert.equal(answer.status, 200);
}

describe('examples', { concurrency: 3 }, () => {
  example('chat', {}, async (_, open) => {
    const ways = { websocket: 'WebSocket', eventsource: 'EventSource', stream: 'Stream', longpolling: 'LongPolling', jsonp: 'LongPolling' };
    const pages = [];
    for (const [way, type] of Object.entries(ways)) {
      const page = await open(`/?way=${way}`, way === 'websocket' || way === 'jsonp');
      await page.getByText(`connected by ${type}`).waitFor();
      pages.push(page);
    }
    const said = [];
    for (const [index, page] of pages.entries()) {
      said.push(`It's "${Object.keys(ways)[index]}", 100 % <b>`);
      await page.getByLabel('Message').fill(said.at(-1));
      await page.getByRole('button').click();
      // Everybody sees it before the next one speaks: the order is given.
      for (const other of pages) await shows(other, '#messages li', said);
    }
  });

  example('camera', { INTERVAL: '0.2' }, async (_, open) => {
    const page = await open();
    await page.evaluate(() => {
      window.seen = [];
      const picture = document.getElementById('picture');
      picture.addEventListener('load', () => seen.push([Number(/\d+/.exec(picture.src.split('/').at(-1))), picture.naturalWidth]));
    });
    const other = await open();
    await until(() => page.evaluate(() => seen.length >= 5));
    const seen = await page.evaluate(() => seen);
    assert.ok(seen.every(([number, width], index) => width === 160 && (index === 0 || number > seen[index - 1][0])), String(seen));
    await until(() => other.evaluate(() => document.getElementById('picture').naturalWidth === 160));
  });

  example('mjpeg', {}, async (_, open) => {
    const page = await open();
    const pixels = () =>
      page.evaluate(() => {
        const picture = document.querySelector('img');
        const canvas = Object.assign(document.createElement('canvas'), { width: 160, height: 120 });
        if (picture.naturalWidth === 0) return undefined;
        canvas.getContext('2d').drawImage(picture, 0, 0, 160, 120);
        return canvas.toDataURL();
      });
    const different = new Set();
    await until(async () => {
      const now = await pixels();
      if (now) different.add(now);
      return different.size >= 4;
    });
  });

  example('commits', {}, async (started, open) => {
    const page = await open();
    const { stdout } = await run('git', ['-C', root, 'log', '-1', '--format=%s']);
    await page.getByText(stdout.trim(), { exact: false }).first().waitFor();
    await page.getByText('live', { exact: true }).waitFor();

    const folder = mkdtempSync(join(tmpdir(), 'outpour-commits-'));
    try {
      const git = (...words) => run('git', ['-C', `${folder}/work`, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...words], { env: started.environment });
      await run('git', ['init', '-q', '--bare', `${folder}/origin`]);
      symlinkSync(`${started.folder}/post-receive`, `${folder}/origin/hooks/post-receive`);
      await run('git', ['clone', '-q', `${folder}/origin`, `${folder}/work`]);
      const first = () => page.locator('#commits li').first().textContent();
      for (const subject of ['first: "quoted" & <b>', 'second: grün 100 %']) {
        await git('commit', '-q', '--allow-empty', '-m', subject);
        await git('push', '-q', 'origin', 'HEAD');
        await until(async () => (await first()).startsWith(subject));
        assert.match(await first(), /Ada/);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  example('clock', {}, async (_, open) => {
    for (const path of ['/sse.html', '/websocket.html']) {
      const page = await open(path);
      await page.getByText('connected', { exact: true }).waitFor();
      const times = new Set();
      await until(async () => {
        const time = await page.locator('#message').textContent();
        if (/^\d\d:\d\d:\d\d$/.test(time)) times.add(time);
        return times.size === 2;
      });
    }
  });

  example('sinatra', {}, async (started, open) => {
    const pages = [await open(), await open()];
    await pages[0].getByPlaceholder('Your name').fill('Grace');
    await pages[0].getByPlaceholder('What you want').fill('a & b, 100 %');
    await pages[0].getByRole('button').click();
    for (const page of pages) await shows(page, '#entries li', ['Grace: a & b, 100 %']);
    await run(`${started.folder}/publish`, ['Ada', 'good morning'], { env: started.environment });
    for (const page of pages) await shows(page, '#entries li', ['Grace: a & b, 100 %', 'Ada: good morning']);
  });

  example('django', {}, async (_, open) => {
    const pages = [await open(), await open()];
    for (const choice of ['tea', 'coffee', 'tea']) await pages[0].getByRole('button', { name: choice }).click();
    for (const page of pages) {
      await until(async () => (await page.locator('#tea').textContent()) === '2');
      await shows(page, 'output', ['2', '1']);
    }
  });

  example('jsonp', {}, async (started, open) => {
    const page = await open();
    const scripts = [];
    page.on('request', (request) => request.url().includes('/jsonp/') && scripts.push(request.resourceType()));
    const push = `http://127.0.0.1:${started.secondPort}`;
    await publish(push, 'news', 'one');
    await publish(push, 'news', 'two');
    await shows(page, '#messages li', ['one', 'two']);
    await until(() => scripts.length > 0);
    assert.ok(scripts.every((type) => type === 'script'), scripts.join());
  });

  example('shared-worker', {}, async (started, open) => {
    await publish(started.url, 'news', 'before');
    const pages = [];
    // More than a browser has connections.
    for (let n = 0; n < 8; n += 1) pages.push(await open());
    for (const page of pages) await shows(page, '#messages li', ['before']);
    await publish(started.url, 'news', 'after');
    for (const page of pages) await shows(page, '#messages li', ['before', 'after']);
    const about = await (await fetch(`${started.url}/pub?id=news`)).json();
    assert.equal(about.subscribers, 1);
  });

  example('forever-iframe', {}, async (started, open) => {
    const page = await open();
    await publish(started.url, 'news', 'one');
    await publish(started.url, 'news', 'two');
    await shows(page, '#messages li', ['one', 'two']);
    assert.equal(await page.evaluate(() => document.querySelectorAll('iframe').length), 1);
  });
});

test('every example is tested', () => {
  const folders = readdirSync(`${root}examples`, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.deepEqual(new Set(folders.map((folder) => folder.name)), tested);
});
