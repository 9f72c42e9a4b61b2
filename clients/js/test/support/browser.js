// Chromium, and pages in which a test lets a client run.
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const axe = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const bundle = (name) => readFileSync(new URL(`../../dist/${name}`, import.meta.url), 'utf8');

export async function openBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/**
 * A page of the server itself, in a context of its own. `done` closes it: what its console told as an error fails
 * the test then, unless `page.expected` matches.
 */
export async function visit(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 820 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.done = async () => {
    await context.close();
    const unexpected = complaints.filter((text) => !page.expected?.test(text));
    if (unexpected.length > 0) throw new Error(`the console told: ${unexpected.join('; ')}`);
  };
  await page.goto(url);
  return page;
}

/** What axe finds fault with. The page's policy lets no script in, so it comes in beside it. */
export async function findings(page) {
  const { violations } = await page.evaluate(`${axe}; axe.run(document, { resultTypes: ['violations'] })`);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(', ')}`);
}

/** What a location for streams in frames needs, beside the built-in configuration: the seed's templates. */
const STREAM = String.raw`
        location ~ ^/stream/(.*) {
            push_stream_subscriber;
            push_stream_channels_path $1;
            push_stream_header_template "<html><head><script>parent.PushStream.register(this);</script></head><body>";
            push_stream_message_template "<script>p(~id~,'~channel~','~text~','~event-id~', '~time~', '~tag~');</script>";
            push_stream_footer_template "</body></html>";
            default_type "text/html; charset=utf-8";
            if ($arg_qs = "on") {
                push_stream_last_received_message_time "$arg_time";
                push_stream_last_received_message_tag  "$arg_tag";
                push_stream_last_event_id              "$arg_eventid";
            }
        }
        location = /page {
            default_type text/html;
            return 200 "<!doctype html><title>page</title><body>";
        }
        location = / {`;

/** Changes of the built-in configuration for pages of the classic client. */
export const PAGES = [['        location = / {', STREAM]];

/** A page of the server with the classic client in it; `window.log` takes down what the client tells. */
export async function openPage(browser, url, path = '/page') {
  const page = await browser.newPage();
  page.errors = [];
  page.on('pageerror', (error) => page.errors.push(error.message));
  await page.goto(url + path);
  await page.addScriptTag({ content: bundle('pushstream.js') });
  await page.evaluate(() => {
    window.states = [];
    window.messages = [];
    window.errors = [];
    window.deleted = [];
    window.start = (channels, options) => {
      const client = new PushStream(options);
      client.onstatuschange = (state) => states.push(state);
      client.onmessage = (text, id, channel, eventId, last, time) => messages.push({ text, id, channel, eventId, last, time });
      client.onerror = ({ type }) => errors.push(type);
      client.onchanneldeleted = (channel) => deleted.push(channel);
      for (const [name, how] of Object.entries(channels)) client.addChannel(name, how);
      client.connect();
      window.client = client;
    };
  });
  return page;
}

/** A page of the server with the ES module in it, as `outpour`. */
export async function openModulePage(context, url, path = '/page') {
  const page = await context.newPage();
  page.errors = [];
  page.on('pageerror', (error) => page.errors.push(error.message));
  await page.goto(url + path);
  await page.evaluate(async (code) => {
    window.outpour = await import(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
  }, bundle('outpour.js'));
  return page;
}
