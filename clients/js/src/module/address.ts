import type { Position } from './message.js';

/** Where the locations of a server are. */
export interface Paths {
  publish: string;
  streaming: string;
  eventsource: string;
  websocket: string;
  longpolling: string;
}

/** The locations of outpour's built-in configuration. */
export const PATHS: Paths = {
  publish: '/pub',
  streaming: '/sub',
  eventsource: '/ev',
  websocket: '/ws',
  longpolling: '/lp',
};

/** Where a subscription begins. */
export type Since =
  /** With so many of the last messages of each channel. */
  | { backtrack: number }
  /** Behind the message with this event id. */
  | { eventId: string }
  /** With what was published after that moment. */
  | Date
  /** Behind the message with this time and tag. */
  | Position;

/** The address of a subscription; `params` come first. */
export function subscriberUrl(
  base: URL,
  path: string,
  channels: readonly string[],
  since: Since | undefined,
  params: Record<string, string>,
): URL {
  const backtrack = since && 'backtrack' in since ? `.b${since.backtrack}` : '';
  const names = channels.map((name) => encodeURIComponent(name) + backtrack).join('/');
  const url = new URL(`${path}/${names}`, base);
  // Not by URLSearchParams, which writes a space as `+`: variables of the server are only percent-decoded.
  const pairs = Object.entries({ ...params, ...control(since) }).map((pair) => pair.map(encodeURIComponent).join('='));
  if (pairs.length > 0) url.search = `?${pairs.join('&')}`;
  return url;
}

/** The arguments that tell the server where to go on. */
function control(since: Since | undefined): Record<string, string> {
  if (!since || 'backtrack' in since) return {};
  if ('eventId' in since) return { qs: 'on', eventid: since.eventId };
  if (since instanceof Date) return { qs: 'on', time: since.toUTCString(), tag: '0' };
  return { qs: 'on', time: since.time.toUTCString(), tag: String(since.tag) };
}

/** The server that a page came from, or else what `outpour` listens on without a configuration. */
export function baseUrl(url: string | URL | undefined): URL {
  const here = (globalThis as { location?: Location }).location?.href;
  const page = here && /^https?:/.test(here) ? here : 'http://127.0.0.1:9080';
  return new URL(url ?? page, page);
}
