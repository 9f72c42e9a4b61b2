// Starts an example of the repository as its reader does: by its `run`.
import { spawn } from 'node:child_process';
import { binary, freePort, root, until } from './server.js';

export class Example {
  /** @param {Record<string, string>} environment */
  static async start(name, environment = {}) {
    const example = new Example();
    example.folder = `${root}examples/${name}`;
    [example.port, example.secondPort] = [await freePort(), await freePort()];
    example.environment = {
      ...process.env,
      OUTPOUR: binary,
      OUTPOUR_URL: example.url,
      PORT: String(example.port),
      SECOND_PORT: String(example.secondPort),
      ...environment,
    };
    example.process = spawn(`${example.folder}/run`, { env: example.environment, stdio: ['ignore', 'pipe', 'pipe'] });
    example.said = '';
    for (const stream of [example.process.stdout, example.process.stderr]) stream.on('data', (data) => (example.said += data));
    await until(async () => {
      if (example.process.exitCode !== null) throw new Error(example.said);
      return (await fetch(`${example.url}/`).catch(() => undefined))?.ok;
    }, 50);
    return example;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  async end() {
    if (this.process.exitCode !== null) throw new Error(`the example ended by itself: ${this.said}`);
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGTERM');
    await ended;
  }
}
