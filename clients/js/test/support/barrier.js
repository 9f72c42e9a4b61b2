// Something on the way between browser and server that does not let every request through, as some proxies do.
import { connect, createServer } from 'node:net';

export class Barrier {
  /** @param {(head: string) => 'refuse' | 'hold' | undefined} rule what becomes of a request: its connection is broken,
   * or it is never answered. */
  static async start(port, rule) {
    const barrier = new Barrier();
    barrier.rule = rule;
    barrier.sockets = new Set();
    barrier.server = createServer((socket) => barrier.#pass(socket, port));
    await new Promise((resolve) => barrier.server.listen(0, '127.0.0.1', resolve));
    return barrier;
  }

  get port() {
    return this.server.address().port;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  #pass(socket, port) {
    const behind = connect(port, '127.0.0.1');
    for (const one of [socket, behind]) {
      this.sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        this.sockets.delete(one);
        socket.destroy();
        behind.destroy();
      });
    }
    // The browsers of the tests send the head of a request in one piece.
    socket.on('data', (data) => {
      const rule = this.rule(data.toString('latin1'));
      if (rule === 'refuse') socket.destroy();
      else if (rule !== 'hold') behind.write(data);
    });
    behind.on('data', (data) => socket.write(data));
  }

  async end() {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
