import { baseUrl, PATHS } from './address.js';
import type { Paths, Since } from './address.js';
import { pause, wait } from './backoff.js';
import type { Backoff } from './backoff.js';
import { CHANNEL_DELETED, isBehind, read } from './message.js';
import type { Message, Position } from './message.js';
import { isFinal, isUsable, TransportError, TRANSPORTS } from './transports.js';
import type { Link, TransportName } from './transports.js';

/** How to subscribe. */
export interface SubscribeOptions<T = string> {
  /** The server. Default: the page's, or http://127.0.0.1:9080. */
  url?: string | URL;
  /** Where its locations are, as far as they are not those of the built-in configuration. */
  paths?: Partial<Paths>;
  /** What to try, in this order. Default: WebSocket, EventSource, streaming, long-polling, as far as the runtime has them. */
  transport?: TransportName | readonly TransportName[];
  /** Where to begin. Default: with what is published from now on. */
  since?: Since;
  /** Query arguments of every connection. */
  params?: Record<string, string>;
  /** Headers of streaming and long-polling; the other transports cannot send any. */
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Makes `message.data` of the text. Default: the text itself. */
  parse?: (text: string) => T;
  backoff?: Backoff;
  /** Milliseconds without a sign of the server after which a stream is given up. Default 90000. */
  silence?: number;
  /** Milliseconds after which a connection that does not open makes room for the next transport: something on the way
   * may hold answers back. Long-polling has all the time that the server takes. Default 10000. */
  opening?: number;
  /** Messages that wait for the iterator, at most: the oldest go first. Default 10000. */
  waiting?: number;
  WebSocket?: typeof WebSocket;
  EventSource?: typeof EventSource;
  fetch?: typeof fetch;
}

export type State = 'connecting' | 'open' | 'waiting' | 'closed';

/** A message, as an event. */
export class MessageArrived<T> extends Event {
  constructor(readonly message: Message<T>) {
    super('message');
  }
}

/** Something about the subscription, as an event: `state`, `deleted`, `error`. */
export class Notice extends Event {
  constructor(
    type: 'state' | 'deleted' | 'error',
    /** The state, the channel's name, or the error. */
    readonly detail: unknown,
  ) {
    super(type);
  }
}

/** Messages of some channels: listen to `message`, or iterate. It reconnects until closed, and goes on behind the
 * message that came last. An error that will not go away (the server answers 4xx on every transport) ends it. */
export class Subscription<T = string> extends EventTarget implements AsyncIterable<Message<T>> {
  #options: SubscribeOptions<T>;
  #channels: readonly string[];
  #end = new AbortController();
  #connection = new AbortController();
  #state: State = 'connecting';
  #transport: TransportName | undefined;
  #position: Position | undefined;
  /** When the first connection opened: where to go on as long as no message has told, to the accuracy of the clock. */
  #began: Date | undefined;
  #queue: Message<T>[] = [];
  #iterated = false;
  #wake: (() => void) | undefined;
  #failure: unknown;

  constructor(channels: readonly string[], options: SubscribeOptions<T>) {
    super();
    if (channels.length === 0) throw new TypeError('a subscription needs a channel');
    this.#options = options;
    this.#channels = channels;
    options.signal?.addEventListener('abort', () => this.close());
    if (options.signal?.aborted) this.#end.abort();
    // Whoever subscribes gets the chance to listen before anything happens.
    queueMicrotask(() => void this.#run());
  }

  get state(): State {
    return this.#state;
  }

  /** The transport of the present connection. */
  get transport(): TransportName | undefined {
    return this.#transport;
  }

  /** Behind which message a new subscription would have to begin. */
  get position(): Position | undefined {
    return this.#position;
  }

  get channels(): readonly string[] {
    return this.#channels;
  }

  /** Other channels from now on; the connection is made anew and nothing is missed. */
  set channels(channels: readonly string[]) {
    if (channels.length === 0) throw new TypeError('a subscription needs a channel');
    this.#channels = [...channels];
    this.#connection.abort();
  }

  /** Ends it; an iterator gets what waits, then its end. */
  close(): void {
    this.#end.abort();
    this.#connection.abort();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Message<T>, void, undefined> {
    this.#iterated = true;
    try {
      for (;;) {
        const next = this.#queue.shift();
        if (next) {
          yield next;
        } else if (this.#state === 'closed') {
          if (this.#failure) throw this.#failure;
          return;
        } else {
          await new Promise<void>((resolve) => (this.#wake = resolve));
        }
      }
    } finally {
      this.close();
    }
  }

  async #run(): Promise<void> {
    const names = this.#transports();
    let failures = 0;
    let turn = 0;
    let refused = 0;
    while (!this.#end.signal.aborted && names.length > 0) {
      const name = names[turn % names.length] as TransportName;
      const opened = await this.#connect(name).catch((error: unknown) => {
        this.dispatchEvent(new Notice('error', error));
        if (isFinal(error)) this.#failure = error;
        refused = isFinal(error) ? refused + 1 : 0;
        return undefined;
      });
      if (this.#end.signal.aborted || refused >= names.length) break;
      if (opened) {
        [failures, refused] = [0, 0];
        if (opened === 'changed') continue;
      } else {
        // The way that works is kept; one that does not makes room for the next.
        turn += 1;
      }
      failures += 1;
      this.#change('waiting');
      await pause(wait(this.#options.backoff ?? {}, failures), this.#end.signal);
    }
    if (this.#end.signal.aborted) this.#failure = undefined;
    this.#change('closed');
  }

  /** One connection from beginning to end; how it ended if it had opened at all. */
  async #connect(name: TransportName): Promise<'changed' | 'ended' | undefined> {
    this.#transport = name;
    this.#connection = new AbortController();
    this.#change('connecting');
    let opened = false;
    let late = false;
    const timer = setTimeout(() => {
      late = name !== 'longpolling';
      if (late) this.#connection.abort();
    }, this.#options.opening ?? 10_000);
    const opening = () => {
      clearTimeout(timer);
      opened = true;
      this.#began ??= new Date();
      this.#change('open');
    };
    try {
      await TRANSPORTS[name](this.#link(opening));
    } catch (error) {
      if (!opened) throw error;
      this.dispatchEvent(new Notice('error', error));
    } finally {
      clearTimeout(timer);
    }
    if (late) throw new TransportError(`${name} did not open in time`);
    if (this.#connection.signal.aborted) return 'changed';
    return opened ? 'ended' : undefined;
  }

  #link(opened: () => void): Link {
    const options = this.#options;
    return {
      base: baseUrl(options.url),
      paths: { ...PATHS, ...options.paths },
      channels: this.#channels,
      since: this.#position ?? options.since ?? this.#began,
      params: options.params ?? {},
      headers: options.headers ?? {},
      signal: this.#connection.signal,
      silence: options.silence ?? 90_000,
      ...this.#means(),
      opened,
      received: (text) => this.#receive(text),
      position: () => this.#position,
    };
  }

  #means(): Pick<Link, 'WebSocket' | 'EventSource' | 'fetch'> {
    const has = globalThis as { WebSocket?: typeof WebSocket; EventSource?: typeof EventSource };
    return {
      WebSocket: this.#options.WebSocket ?? has.WebSocket,
      EventSource: this.#options.EventSource ?? has.EventSource,
      fetch: this.#options.fetch ?? fetch.bind(globalThis),
    };
  }

  #transports(): TransportName[] {
    const { transport } = this.#options;
    const wanted = typeof transport === 'string' ? [transport] : (transport ?? (Object.keys(TRANSPORTS) as TransportName[]));
    const usable = wanted.filter((name) => isUsable(name, this.#means()));
    if (usable.length === 0) this.#failure = new TypeError(`this runtime has none of ${wanted.join(', ')}`);
    return usable;
  }

  #receive(text: string): void {
    let message: Message<string>;
    let data: T;
    try {
      message = read(text);
      data = this.#parsed(message.data);
    } catch (error) {
      this.dispatchEvent(new Notice('error', error));
      return;
    }
    if (message.id === CHANNEL_DELETED) this.dispatchEvent(new Notice('deleted', message.channel));
    if (!(message.id > 0) || (this.#position && !isBehind(message, this.#position))) return;
    if (!Number.isNaN(message.time.getTime())) this.#position = { time: message.time, tag: message.tag };
    this.#deliver({ ...message, data });
  }

  #parsed(text: string): T {
    return this.#options.parse ? this.#options.parse(text) : (text as T);
  }

  #deliver(message: Message<T>): void {
    this.#queue.push(message);
    // Without an iterator nobody takes them: only what an iterator that comes late may want is kept.
    if (this.#queue.length > (this.#iterated ? (this.#options.waiting ?? 10_000) : 100)) this.#queue.shift();
    this.#notify();
    this.dispatchEvent(new MessageArrived(message));
  }

  #change(state: State): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#notify();
    this.dispatchEvent(new Notice('state', state));
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

/** Subscribes to one channel or several on one connection. */
export function subscribe<T = string>(channels: string | readonly string[], options: SubscribeOptions<T> = {}): Subscription<T> {
  return new Subscription<T>(typeof channels === 'string' ? [channels] : [...channels], options);
}
