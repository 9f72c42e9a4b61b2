import { controlParameters, now, subscriberPlace } from './address.js';
import { log } from './log.js';
import { ScriptRequest } from './jsonp.js';
import type { PushStream } from './push_stream.js';
import { CONNECTING } from './states.js';
import { fromObject, parseMessage, query, splitMessages } from './text.js';
import type { RawMessage } from './text.js';
import type { Transport } from './transport.js';

/** Milliseconds from an answer to the next request. */
const INTERVAL = 100;

/** Milliseconds after which the connection counts as open, without waiting for an answer. */
const OPENING = 150;

/** Milliseconds that the server's own time limit gets on top. */
const GRACE = 2000;

/** Messages as answers to requests, or to scripts where the address is of another domain. */
export class LongPollingTransport implements Transport {
  readonly type = 'LongPolling';
  private opening: ReturnType<typeof setTimeout> | undefined;
  private next: ReturnType<typeof setTimeout> | undefined;
  private request: XMLHttpRequest | ScriptRequest | null = null;

  constructor(private readonly client: PushStream) {}

  connect(): void {
    this.disconnect();
    const { client } = this;
    if (this.byScript()) client.messagesControlByArgument = true;
    this.opening = setTimeout(() => client._onopen(), OPENING);
    this.again();
  }

  disconnect(): void {
    clearTimeout(this.opening);
    clearTimeout(this.next);
    const { request } = this;
    this.request = null;
    request?.abort();
  }

  private byScript(): boolean {
    return this.client.useJSONP || this.client._crossDomain;
  }

  private again(): void {
    this.next = setTimeout(() => this.ask(), INTERVAL);
  }

  private ask(): void {
    const { client } = this;
    const place = subscriberPlace(client, 'http', client.urlPrefixLongpolling);
    const parameters = { ...client.extraParams(), ...controlParameters(client) };
    if (this.byScript()) this.load(place, parameters);
    else this.fetch(`${place}&${query({ ...parameters, _: now() })}`);
  }

  private fetch(url: string): void {
    const { client } = this;
    const request = new XMLHttpRequest();
    const mine = (act: () => void) => () => {
      if (this.request !== request) return;
      this.request = null;
      act();
    };
    this.request = request;
    request.open('GET', url, true);
    if (!client.messagesControlByArgument) {
      request.setRequestHeader('If-None-Match', String(client._etag));
      request.setRequestHeader('If-Modified-Since', String(client._lastModified));
    }
    request.timeout = client.timeout + GRACE;
    request.onload = mine(() => this.answered(request));
    request.ontimeout = mine(() => this.again());
    request.onerror = mine(() => this.failed(0));
    request.send(null);
    log('debug', '[LongPolling] asking', url);
  }

  private answered(request: XMLHttpRequest): void {
    const { client } = this;
    if (!client.messagesControlByArgument) {
      client._answered = true;
      client._etag = request.getResponseHeader('Etag') ?? client._etag;
      client._lastModified = request.getResponseHeader('Last-Modified') ?? client._lastModified;
    }
    if (request.status === 200) {
      this.deliver(splitMessages(request.responseText).map((part) => parseMessage(part, client)));
    } else if (request.status === 304) {
      this.again();
    } else {
      this.failed(request.status);
    }
  }

  private load(place: string, parameters: Record<string, unknown>): void {
    const { client } = this;
    const callback = `PushStreamManager_${client.id}_onmessage_${now()}`;
    const url = `${place}&${query({ ...parameters, callback, _: now() })}`;
    const request = new ScriptRequest(`PushStreamManager_${client.id}`, url, callback, client.timeout + GRACE);
    this.request = request;
    request.onmessages = (messages) => {
      this.request = null;
      this.deliver(messages.map((message) => fromObject(message, client)));
    };
    // A script tells no status: a long wait was a 304, a short one a refusal.
    request.onsilence = (waited) => {
      this.request = null;
      if (waited > client.timeout / 2) this.again();
      else this.failed(403);
    };
    request.send();
    log('debug', '[LongPolling] loading', url);
  }

  private deliver(messages: RawMessage[]): void {
    this.again();
    messages.forEach((message, index) => this.client._receive(message, index === messages.length - 1));
  }

  private failed(status: number): void {
    const load = status === 403 || this.client.readyState === CONNECTING;
    this.disconnect();
    this.client._onerror(load ? 'load' : 'timeout');
  }
}
