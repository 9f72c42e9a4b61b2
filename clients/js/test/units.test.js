// What needs no server: the rules of waiting, and the texts that clients take apart.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { build } from 'esbuild';

/** A module of the sources, as it stands before bundling. */
async function source(path) {
  const entry = new URL(`../src/${path}`, import.meta.url).pathname;
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, write: false, format: 'esm', target: 'es2022' });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

test('waits double up to their bound, and at least half of them is waited', async () => {
  const { wait } = await source('module/backoff.ts');
  const check = (failures, random, expected) => assert.equal(wait({ min: 100, max: 1000 }, failures, () => random), expected);
  check(1, 0, 50);
  check(1, 1, 100);
  check(2, 1, 200);
  check(4, 0, 400);
  check(5, 1, 1000);
  check(5000, 1, 1000);
});

test('a pause ends early when it is aborted', async () => {
  const { pause } = await source('module/backoff.ts');
  const end = new AbortController();
  const over = pause(60_000, end.signal);
  end.abort();
  await over;
});

test('bodies of several messages are taken apart', async () => {
  const { splitMessages } = await source('module/transports.ts');
  const check = (body, expected) => assert.deepEqual(splitMessages(body), expected);
  check('', []);
  check('{"a":1}', ['{"a":1}']);
  check('{"a":1}{"b":2}', ['{"a":1}', '{"b":2}']);
  check('{"a":1}\r\n{"b":2}\r\n', ['{"a":1}', '{"b":2}']);
  check('{"a":{"b":{}}} {"c":"}{ \\" }{"}', ['{"a":{"b":{}}}', '{"c":"}{ \\" }{"}']);
});

test('the order of messages is that of time, then tag', async () => {
  const { isBehind } = await source('module/message.ts');
  const at = (seconds, tag) => ({ time: new Date(seconds * 1000), tag });
  assert.equal(isBehind(at(2, 1), at(1, 9)), true);
  assert.equal(isBehind(at(1, 2), at(1, 1)), true);
  assert.equal(isBehind(at(1, 1), at(1, 1)), false);
  assert.equal(isBehind(at(1, 9), at(2, 1)), false);
});

test('the functions of the old client that pages test', async () => {
  globalThis.location = { href: 'http://page.example/', protocol: 'http:', hostname: 'page.example', port: '' };
  const { dateToUTCString, extract_xss_domain, isCrossDomainUrl, parseJSON, parseMessage } = await source('classic/text.ts');
  assert.equal(dateToUTCString(new Date(Date.UTC(2001, 1, 3, 4, 5, 6))), 'Sat, 03 Feb 2001 04:05:06 GMT');
  const domain = (host, expected) => assert.equal(extract_xss_domain(host), expected);
  domain('201.10.32.52', '201.10.32.52');
  domain('domain.com', 'domain.com');
  domain('example.domain.com', 'domain.com');
  domain('another.example.domain.com', 'example.domain.com');
  domain('example.domain.com.br', 'domain.com.br');
  assert.deepEqual(parseJSON(' {"a":1} '), { a: 1 });
  for (const nothing of [null, undefined, 5]) assert.equal(parseJSON(nothing), null);
  assert.throws(() => parseJSON('{x'), (error) => error === 'Invalid JSON: {x');
  const keys = { jsonIdKey: 'id', jsonChannelKey: 'channel', jsonTextKey: 'text', jsonTagKey: 'tag', jsonTimeKey: 'time', jsonEventIdKey: 'eventid' };
  const text = (json) => parseMessage(`{"id":1,"channel":"c","text":${json}}`, keys).text;
  assert.equal(text('"plain"'), 'plain');
  assert.deepEqual(text('{"a":1}'), { a: 1 });
  assert.equal(text('"%7B%22a%22%3A1%7D"'), '{"a":1}');
  assert.equal(text('"100 % raw"'), '100 % raw');
  assert.equal(isCrossDomainUrl('http://page.example:80/pub'), false);
  assert.equal(isCrossDomainUrl('https://page.example/pub'), true);
  assert.equal(isCrossDomainUrl('http://page.example:9080/pub'), true);
  delete globalThis.location;
});

test('every option and every test that COVERAGE.md names is there', () => {
  const here = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');
  const tests = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.test.js')).map(here).join('\n');
  const table = here('../COVERAGE.md');
  const names = table.split('\n').filter((line) => line.startsWith('| ')).flatMap((line) => line.split('|').at(-2).match(/`[^`]+`/g) ?? []);
  assert.ok(names.length > 60);
  assert.deepEqual(names.map((name) => name.slice(1, -1)).filter((name) => !tests.includes(name)), []);
  const options = here('../src/classic/options.ts').match(/^ {2}(\w+)\?:/gm).map((line) => line.trim().slice(0, -2));
  assert.deepEqual(options.filter((name) => !table.includes(`\`${name}\``)), []);
});
