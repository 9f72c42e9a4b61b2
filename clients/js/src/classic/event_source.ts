import { controlParameters, now, subscriberAddress } from './address.js';
import { log } from './log.js';
import type { PushStream } from './push_stream.js';
import { CONNECTING, OPEN } from './states.js';
import { parseMessage } from './text.js';
import type { Transport } from './transport.js';

/** Messages as unnamed events. */
export class EventSourceTransport implements Transport {
  readonly type = 'EventSource';
  private connection: EventSource | null = null;
  private renewal: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly client: PushStream) {}

  connect(): void {
    this.disconnect();
    this.open();
  }

  private open(): void {
    const { client } = this;
    const parameters = { ...client.extraParams(), _: now(), ...controlParameters(client) };
    const url = subscriberAddress(client, 'http', client.urlPrefixEventsource, parameters);
    const connection = new EventSource(url);
    this.connection = connection;
    connection.onopen = () => client._onopen();
    connection.onmessage = (event) => client._receive(parseMessage(event.data, client), true);
    connection.onerror = () => this.failed();
    log('info', '[EventSource] connecting to', url);
  }

  disconnect(): void {
    clearTimeout(this.renewal);
    const { connection } = this;
    if (!connection) return;
    this.connection = null;
    connection.onopen = connection.onmessage = connection.onerror = null;
    connection.close();
  }

  private failed(): void {
    const { client, connection } = this;
    if (client.readyState === OPEN && connection?.readyState === EventSource.CONNECTING) {
      // The browser tries again by itself, with the last event id.
      if (client.messagesControlByArgument) this.renew();
      return;
    }
    const load = client.readyState === CONNECTING;
    this.disconnect();
    client._onerror(load ? 'load' : 'timeout');
  }

  /** In place of the browser, which would ask again at the address that tells the position of the beginning. */
  private renew(): void {
    this.disconnect();
    this.renewal = setTimeout(() => this.open(), this.client.reconnectOnTimeoutInterval);
  }
}
