import type { PushStream } from './push_stream.js';
import { query } from './text.js';

/** Where a client's requests go. */
export type Scheme = 'http' | 'ws';

/** `SCHEME://HOST[:PORT]`; the port is left out where it is the scheme's own. */
function origin(client: PushStream, scheme: Scheme): string {
  const port = Number(client.port) === (client.useSSL ? 443 : 80) ? '' : `:${client.port}`;
  return `${scheme}${client.useSSL ? 's' : ''}://${client.host}${port}`;
}

/** `ch1.b5/ch2`; backtracks are left out once the position is told in another way. */
export function channelsPath(client: PushStream): string {
  const known = client.messagesControlByArgument
    ? Boolean(client._lastModified || client._lastEventId)
    : client.wrapper?.type === 'LongPolling' && client._answered;
  return Object.entries(client.channels)
    .map(([name, { backtrack }]) => (backtrack !== undefined && !known ? `${name}.b${backtrack}` : name))
    .join('/');
}

/** The address of a subscription without the parameters of the transport. */
export function subscriberPlace(client: PushStream, scheme: Scheme, prefix: string): string {
  const channels = channelsPath(client);
  const base = origin(client, scheme) + prefix;
  if (!client.channelsByArgument) return `${base}/${channels}?`;
  return `${base}?${query({ [client.channelsArgument]: channels })}`;
}

/** The address of a subscription. */
export function subscriberAddress(client: PushStream, scheme: Scheme, prefix: string, parameters: Record<string, unknown>): string {
  const place = subscriberPlace(client, scheme, prefix);
  return place + (place.endsWith('?') ? '' : '&') + query(parameters);
}

/** Where the client publishes to all of its channels. */
export function publisherAddress(client: PushStream): string {
  const id = Object.keys(client.channels)
    .map((name) => `/${name}`)
    .join('');
  return `${origin(client, 'http')}${client.urlPrefixPublisher}?id=${id}`;
}

/** Tag, time and event id as parameters: empty unless the client controls messages by argument. */
export function controlParameters(client: PushStream): Record<string, unknown> {
  const by = client.messagesControlByArgument;
  const time = by ? client._lastModified || '' : '';
  return {
    [client.tagArgument]: by ? client._etag : '',
    [client.timeArgument]: time,
    [client.eventIdArgument]: by && !time ? client._lastEventId || '' : '',
  };
}

/** Milliseconds since 1970: keeps caches away. */
export function now(): number {
  return new Date().getTime();
}
