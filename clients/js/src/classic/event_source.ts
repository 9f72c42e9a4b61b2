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

  constructor(private readonly client: PushStream) {}

  connect(): void {
    this.disconnect();
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
    const { connection } = this;
    if (!connection) return;
    this.connection = null;
    connection.onopen = connection.onmessage = connection.onerror = null;
    connection.close();
  }

  private failed(): void {
    const { client, connection } = this;
    // The browser tries again by itself, with the last event id.
    if (client.readyState === OPEN && connection?.readyState === EventSource.CONNECTING) return;
    const load = client.readyState === CONNECTING;
    this.disconnect();
    client._onerror(load ? 'load' : 'timeout');
  }
}
