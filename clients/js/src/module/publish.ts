import { baseUrl, PATHS } from './address.js';

/** How a message is published. */
export interface PublishOptions {
  /** The server. Default: the page's, or http://127.0.0.1:9080. */
  url?: string | URL;
  /** The publisher location. Default `/pub`. */
  path?: string;
  /** Lets EventSource clients resume behind this message. */
  eventId?: string;
  /** The type of the event for EventSource clients. */
  eventType?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  fetch?: typeof fetch;
}

/** What a server tells about a channel that it has published to. */
export interface ChannelInfo {
  readonly channel: string;
  readonly published_messages: number;
  readonly stored_messages: number;
  readonly subscribers: number;
}

/** A publication that the server refused. */
export class PublishError extends Error {
  override readonly name = 'PublishError';

  constructor(
    /** The status of the answer. */
    readonly status: number,
    reason: string,
  ) {
    super(`the server refused the message: ${status} ${reason}`);
  }
}

/** Percent-encoded, with apostrophes, because templates may put texts between them. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/'/g, '%27');
}

/** Publishes `data` to a channel: a text as it is, anything else as JSON. It travels percent-encoded, so that it can
 * stand in any template; subscribers decode it.
 *
 * Rejects with a {@link PublishError} if the server refuses, with a TypeError if it cannot be reached. */
export async function publish(channel: string, data: unknown, options: PublishOptions = {}): Promise<ChannelInfo> {
  const url = new URL(options.path ?? PATHS.publish, baseUrl(options.url));
  url.searchParams.set('id', channel);
  const headers = { Accept: 'application/json', 'Content-Type': 'text/plain', ...options.headers } as Record<string, string>;
  if (options.eventId !== undefined) headers['Event-Id'] = options.eventId;
  if (options.eventType !== undefined) headers['Event-Type'] = options.eventType;
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  const request: RequestInit = { method: 'POST', headers, body: encoded(text) };
  if (options.signal) request.signal = options.signal;
  const answer = await (options.fetch ?? fetch)(url, request);
  if (!answer.ok) throw new PublishError(answer.status, answer.headers.get('X-Nginx-PushStream-Explain') ?? answer.statusText);
  return (await answer.json()) as ChannelInfo;
}
