import { controlParameters, now, subscriberAddress } from './address.js';
import { log } from './log.js';
import type { PushStream } from './push_stream.js';
import { CONNECTING } from './states.js';
import { encoded, parseMessage } from './text.js';
import type { Transport } from './transport.js';

/** Close code of a connection that ended without a close frame. */
const ABNORMAL = 1006;

/** Messages as text frames. */
export class WebSocketTransport implements Transport {
  readonly type = 'WebSocket';
  private connection: WebSocket | null = null;

  constructor(private readonly client: PushStream) {}

  connect(): void {
    this.disconnect();
    const { client } = this;
    const parameters = { ...client.extraParams(), _: now(), ...controlParameters(client) };
    const url = subscriberAddress(client, 'ws', client.urlPrefixWebsocket, parameters);
    const connection = new WebSocket(url);
    this.connection = connection;
    connection.onopen = () => client._onopen();
    connection.onmessage = (event) => client._receive(parseMessage(event.data, client), true);
    connection.onerror = () => this.ended(client.readyState === CONNECTING);
    connection.onclose = (event) => this.ended(client.readyState === CONNECTING || event.code === ABNORMAL);
    log('info', '[WebSocket] connecting to', url);
  }

  disconnect(): void {
    const { connection } = this;
    if (!connection) return;
    this.connection = null;
    connection.onopen = connection.onmessage = connection.onerror = connection.onclose = null;
    connection.close();
  }

  sendMessage(text: string, ok?: () => void): void {
    this.connection?.send(encoded(text));
    ok?.();
  }

  private ended(load: boolean): void {
    this.disconnect();
    this.client._onerror(load ? 'load' : 'timeout');
  }
}
