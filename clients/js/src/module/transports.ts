import { subscriberUrl } from './address.js';
import type { Paths, Since } from './address.js';

/** How messages come. */
export type TransportName = 'websocket' | 'eventsource' | 'streaming' | 'longpolling';

/** What a transport needs. */
export interface Link {
  base: URL;
  paths: Paths;
  channels: readonly string[];
  since: Since | undefined;
  params: Record<string, string>;
  headers: Record<string, string>;
  signal: AbortSignal;
  /** Milliseconds without a sign of the server after which a connection is given up. */
  silence: number;
  WebSocket: typeof WebSocket | undefined;
  EventSource: typeof EventSource | undefined;
  fetch: typeof fetch;
  /** The connection stands. */
  opened(): void;
  /** One text of the message template. */
  received(text: string): void;
  /** Where a later request goes on; only long-polling asks. */
  position(): Since | undefined;
}

/** A connection that the server refused or that broke. */
export class TransportError extends Error {
  override readonly name = 'TransportError';

  constructor(
    message: string,
    /** The status of a refusal, where the transport tells. */
    readonly status?: number,
  ) {
    super(message);
  }
}

/** Whether a refusal will be the same the next time. */
export function isFinal(error: unknown): boolean {
  const status = error instanceof TransportError ? error.status : undefined;
  return status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** Each resolves when the server ends the connection, and rejects when it fails. */
export const TRANSPORTS: Record<TransportName, (link: Link) => Promise<void>> = { websocket, eventsource, streaming, longpolling };

/** Whether this runtime has the transport. */
export function isUsable(name: TransportName, link: Pick<Link, 'WebSocket' | 'EventSource' | 'fetch'>): boolean {
  if (name === 'websocket') return link.WebSocket !== undefined;
  if (name === 'eventsource') return link.EventSource !== undefined;
  return link.fetch !== undefined;
}

function address(link: Link, name: TransportName, since: Since | undefined): URL {
  return subscriberUrl(link.base, link.paths[name], link.channels, since, link.params);
}

/** Calls `silent` unless it is called again within the time. */
function watch(milliseconds: number, silent: () => void): { heard(): void; stop(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => clearTimeout(timer);
  const heard = () => {
    stop();
    timer = setTimeout(silent, milliseconds);
  };
  heard();
  return { heard, stop };
}

function websocket(link: Link): Promise<void> {
  return new Promise((resolve, reject) => {
    const url = address(link, 'websocket', link.since);
    url.protocol = url.protocol.replace('http', 'ws');
    const socket = new (link.WebSocket as typeof WebSocket)(url);
    const over = (act: () => void) => {
      link.signal.removeEventListener('abort', aborted);
      socket.onopen = socket.onmessage = socket.onerror = socket.onclose = null;
      // An error of a socket that is being given up is nobody's business.
      socket.onerror = () => {};
      socket.close();
      act();
    };
    const aborted = () => over(resolve);
    link.signal.addEventListener('abort', aborted);
    socket.onopen = () => link.opened();
    socket.onmessage = (event) => link.received(String(event.data));
    socket.onerror = () => over(() => reject(new TransportError('the WebSocket failed')));
    socket.onclose = (event) => {
      if (event.code === 1006) over(() => reject(new TransportError('the WebSocket broke')));
      else over(resolve);
    };
  });
}

function eventsource(link: Link): Promise<void> {
  return new Promise((resolve, reject) => {
    const source = new (link.EventSource as typeof EventSource)(address(link, 'eventsource', link.since));
    const over = (act: () => void) => {
      link.signal.removeEventListener('abort', aborted);
      source.close();
      act();
    };
    const aborted = () => over(resolve);
    link.signal.addEventListener('abort', aborted);
    source.onopen = () => link.opened();
    source.onmessage = (event) => link.received(String(event.data));
    // The browser would reconnect from its last event id, which not every message has: we go on from our position.
    source.onerror = () => over(() => reject(new TransportError('the EventSource failed')));
  });
}

async function answer(link: Link, url: URL, signal: AbortSignal): Promise<Response> {
  const response = await link.fetch(url, { headers: link.headers, signal, cache: 'no-store' });
  if (response.ok || response.status === 304) return response;
  void response.body?.cancel();
  const reason = response.headers.get('X-Nginx-PushStream-Explain') ?? response.statusText;
  throw new TransportError(`${response.status} ${reason}`, response.status);
}

async function streaming(link: Link): Promise<void> {
  const silence = new AbortController();
  const signal = AbortSignal.any([link.signal, silence.signal]);
  const watcher = watch(link.silence, () => silence.abort());
  try {
    const response = await answer(link, address(link, 'streaming', link.since), signal);
    link.opened();
    const lines = new Lines(response, link.received);
    while (await lines.next()) watcher.heard();
  } catch (error) {
    if (silence.signal.aborted) throw new TransportError('nothing was heard of the server');
    if (!link.signal.aborted) throw error;
  } finally {
    watcher.stop();
  }
}

/** The lines of an answer that does not end. Each piece has a call of its own, so that no text is held while the next
 * piece is waited for. */
class Lines {
  #decoder = new TextDecoder();
  #reader: ReadableStreamDefaultReader<Uint8Array>;
  #received: (line: string) => void;
  #rest = '';

  constructor(response: Response, received: (line: string) => void) {
    this.#reader = (response.body as ReadableStream<Uint8Array>).getReader();
    this.#received = received;
  }

  /** Whether there was another piece. */
  async next(): Promise<boolean> {
    const { done, value } = await this.#reader.read();
    if (done) return false;
    const lines = (this.#rest + this.#decoder.decode(value, { stream: true })).split('\n');
    this.#rest = lines.pop() ?? '';
    lines.filter((line) => line.trim() !== '').forEach(this.#received);
    return true;
  }
}

async function longpolling(link: Link): Promise<void> {
  let since = link.since;
  let opened = false;
  while (!link.signal.aborted) {
    try {
      const response = await answer(link, address(link, 'longpolling', since), link.signal);
      if (!opened) link.opened();
      opened = true;
      if (response.status === 200) await deliver(response, link);
      since = link.position() ?? headers(response) ?? since;
    } catch (error) {
      if (!link.signal.aborted) throw error;
    }
  }
}

/** On its own, so that the text of an answer is not held until the next one has come. */
async function deliver(response: Response, link: Link): Promise<void> {
  splitMessages(await response.text()).forEach(link.received);
}

/** Where an answer says to go on, while no message has told. */
function headers(response: Response): Since | undefined {
  const time = response.headers.get('Last-Modified');
  const tag = response.headers.get('Etag');
  return time ? { time: new Date(time), tag: Number(tag?.replace(/\D/g, '') ?? 0) } : undefined;
}

/** The objects of a body, whatever stands between them. */
export function splitMessages(body: string): string[] {
  const objects: string[] = [];
  let [begin, depth, quoted] = [0, 0, false];
  for (let at = 0; at < body.length; at += 1) {
    const sign = body[at];
    if (quoted) {
      if (sign === '\\') at += 1;
      else if (sign === '"') quoted = false;
    } else if (sign === '"') {
      quoted = depth > 0;
    } else if (sign === '{') {
      if (depth === 0) begin = at;
      depth += 1;
    } else if (sign === '}' && depth > 0) {
      depth -= 1;
      if (depth === 0) objects.push(body.slice(begin, at + 1));
    }
  }
  return objects;
}
