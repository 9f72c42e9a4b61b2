// The pages of a chat as an application has them: jQuery, pushstream.js, a publisher in Ruby.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { openBrowser } from './support/browser.js';
import { Server, root, until } from './support/server.js';

const run = promisify(execFile);
const client = `${root}clients/js`;

let browser;
let server;
let folder;
before(async () => {
  const configuration = readFileSync(`${root}conformance/seeds/configurations/seed_000.conf`, 'utf8');
  [browser, server] = await Promise.all([openBrowser(), Server.startWith(configuration)]);
  folder = mkdtempSync(join(tmpdir(), 'outpour-chat-'));
  copyFileSync(`${client}/node_modules/jquery/dist/jquery.js`, `${folder}/jquery.js`);
  copyFileSync(`${client}/node_modules/jquery-deparam/jquery-deparam.js`, `${folder}/jquery.deparam.js`);
  copyFileSync(`${client}/dist/pushstream.js`, `${folder}/pushstream.js`);
});
after(async () => {
  await Promise.all([browser.close(), server.end()]);
  rmSync(folder, { recursive: true });
});

const PLAIN = `$('#chat-messages ul').append('<li>' + text + '</li>');`;
const DATA = `var data = $.deparam(text);
  $('#chat-messages ul').append('<li><strong>' + data.username + '</strong>: ' + data.text + '</li>');`;

/** The page as files beside each other, opened from the disk. */
function writePage(name, modes, update = PLAIN) {
  const script = `
var pushstream = new PushStream({
  host: '127.0.0.1',
  port: ${server.port},
  modes: '${modes}'
});
pushstream.onmessage = updateChatLog;
pushstream.addChannel('my-channel');
pushstream.connect();
function updateChatLog(text, id, channel) {
  ${update}
}
$('#chat-submit').click(function(){
  pushstream.sendMessage($('#chat-input').val());
  $('#chat-input').val('');
});
`;
  const page = `<!doctype html>
<html>
<head><meta charset="utf-8"><title>chat</title></head>
<body>
<div id="chat-messages"><ul></ul></div>
<input type="text" id="chat-input"><input type="submit" id="chat-submit" value="Send">
<script src="jquery.js"></script>
<script src="jquery.deparam.js"></script>
<script src="pushstream.js"></script>
<script src="${name}.js"></script>
</body>
</html>
`;
  writeFileSync(`${folder}/${name}.js`, script);
  writeFileSync(`${folder}/${name}.html`, page);
  return `file://${folder}/${name}.html`;
}

/** Pages of a test; what fails in one of them fails the test. */
async function opener(t) {
  const context = await browser.newContext();
  const complaints = [];
  t.after(async () => {
    await context.close();
    assert.deepEqual(complaints, []);
  });
  return async (url, prepare) => {
    const page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    if (prepare) await prepare(page);
    await page.goto(url);
    return page;
  };
}

const connected = (page, type) => until(() => page.evaluate((type) => pushstream.readyState === PushStream.OPEN && pushstream.wrapper.type === type, type));

async function say(page, text) {
  await page.locator('#chat-input').fill(text);
  await page.locator('#chat-submit').click();
}

async function shows(page, expected) {
  const list = page.locator('#chat-messages ul li');
  await until(async () => (await list.count()) >= expected.length);
  assert.deepEqual(await list.evaluateAll((lines) => lines.map((line) => line.innerHTML)), expected);
}

// One after the other: all of them use the channel of the seed.
describe('seed 000', () => {
  test('A5: chat over WebSocket', async (t) => {
    const open = await opener(t);
    const url = writePage('a5', 'websocket');
    const pages = [await open(url), await open(url), await open(url)];
    for (const page of pages) await connected(page, 'WebSocket');
    await say(pages[0], 'Hello!');
    for (const page of pages) await shows(page, ['Hello!']);
    await say(pages[1], 'It\'s "ünï", 100 %');
    for (const page of pages) await shows(page, ['Hello!', 'It\'s "ünï", 100 %']);
  });

  test('A6: WebSocket works: it is taken', async (t) => {
    const open = await opener(t);
    const url = writePage('a6', 'websocket|eventsource');
    const pages = [await open(url), await open(url)];
    for (const page of pages) await connected(page, 'WebSocket');
    await say(pages[0], 'Hello!');
    for (const page of pages) await shows(page, ['Hello!']);
  });

  test('A6: no WebSocket in the browser: EventSource at once, and POST', async (t) => {
    const open = await opener(t);
    const url = writePage('a6-without', 'websocket|eventsource');
    const page = await open(url, (page) => page.addInitScript(() => delete window.WebSocket));
    const other = await open(url);
    await connected(page, 'EventSource');
    await connected(other, 'WebSocket');
    const posted = page.waitForRequest((request) => request.method() === 'POST');
    await say(page, 'Hello!');
    assert.match((await posted).url(), /\/pub\?id=\/my-channel&_=\d+$/);
    for (const one of [page, other]) await shows(one, ['Hello!']);
  });

  test('A6: the WebSocket fails: EventSource after a minute', async (t) => {
    const open = await opener(t);
    const url = writePage('a6-failing', 'websocket|eventsource');
    const page = await open(url, async (page) => {
      await page.clock.install();
      await page.routeWebSocket(/\/ws\//, (socket) => socket.close({ code: 1011 }));
    });
    await until(() => page.evaluate(() => pushstream.readyState === PushStream.CLOSED && pushstream.wrapper !== null));
    await page.clock.fastForward(59_000);
    assert.equal(await page.evaluate(() => pushstream.wrapper.type), 'WebSocket');
    await page.clock.fastForward(2_000);
    await connected(page, 'EventSource');
    await say(page, 'Hello!');
    await shows(page, ['Hello!']);
  });

  test('A7: a text published by Ruby', async (t) => {
    const open = await opener(t);
    const page = await open(writePage('a7', 'websocket'));
    await connected(page, 'WebSocket');
    await publishByRuby('text');
    await shows(page, ['Hello World!']);
  });

  test('A8: data published by Ruby', async (t) => {
    const open = await opener(t);
    const page = await open(writePage('a8', 'websocket', DATA));
    await connected(page, 'WebSocket');
    await publishByRuby('data');
    await shows(page, ['<strong>rando</strong>: hello world!']);
  });
});

function publishByRuby(kind) {
  const environment = { ...process.env, NGINX_IP: '127.0.0.1', NGINX_PORT: String(server.port) };
  return run('ruby', [`${root}conformance/seeds/clients/publisher.rb`, kind], { env: environment });
}
