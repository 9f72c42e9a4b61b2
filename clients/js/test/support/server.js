// Starts the real server for a test: the built-in configuration on a port of its own.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const root = new URL('../../../../', import.meta.url).pathname;
export const binary = process.env.OUTPOUR ?? join(root, 'target/debug/outpour');

/** A port that nobody listens on. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The built-in configuration with `changes`, pairs of a text and what stands for it. */
function configuration(port, changes) {
  let text = execFileSync(binary, ['--print-config'], { encoding: 'utf8' });
  for (const [from, to] of [['listen 127.0.0.1:9080', `listen 127.0.0.1:${port}`], ['worker_processes auto', 'worker_processes 2'], ...changes]) {
    if (!text.includes(from)) throw new Error(`the configuration has no ${from}`);
    text = text.replaceAll(from, to);
  }
  return text;
}

export class Server {
  /** @param {[string, string][]} changes */
  static async start(changes = []) {
    const port = await freePort();
    return Server.onPort(port, configuration(port, changes));
  }

  /** With a configuration in which `{{port}}` stands for the port. */
  static async startWith(text) {
    const port = await freePort();
    return Server.onPort(port, text.replaceAll('{{port}}', port));
  }

  static async onPort(port, text) {
    const server = new Server();
    server.port = port;
    server.directory = mkdtempSync(join(tmpdir(), 'outpour-js-'));
    mkdirSync(join(server.directory, 'logs'));
    server.file = join(server.directory, 'outpour.conf');
    writeFileSync(server.file, text);
    await server.run();
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Runs the process, again after {@link Server.stop}; channels begin empty then. */
  async run() {
    this.process = spawn(binary, ['-c', this.file, '-e', 'stderr'], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.log = '';
    this.process.stderr.on('data', (data) => (this.log += data));
    await until(async () => {
      if (this.process.exitCode !== null) throw new Error(this.log);
      return (await fetch(`${this.url}/`).catch(() => undefined))?.status;
    });
  }

  async stop() {
    if (this.process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGTERM');
    await ended;
  }

  /** Ends the process and removes its files. */
  async end() {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Publishes a text as it is, as curl does. */
  async publish(channel, text, headers = {}) {
    const answer = await fetch(`${this.url}/pub?id=${channel}`, { method: 'POST', body: text, headers });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  async delete(channel) {
    await fetch(`${this.url}/pub?id=${channel}`, { method: 'DELETE' });
  }

  async subscribers(channel) {
    const answer = await fetch(`${this.url}/channels-stats?id=${channel}`);
    return answer.ok ? (await answer.json()).subscribers : 0;
  }

  /** Waits until the channel has so many subscribers. */
  async subscribed(channel, count = 1) {
    await until(async () => Number(await this.subscribers(channel)) === count);
  }
}

/** Asks again and again until the answer is true; half a minute at most. */
export async function until(condition, pause = 10) {
  const limit = Date.now() + 30_000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > limit) throw new Error(`waited in vain for ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
