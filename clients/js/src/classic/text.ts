/** A message as the JSON of a template tells it; other keys than the configured ones are not looked at. */
export interface RawMessage {
  id: number;
  channel: string;
  text: unknown;
  tag: unknown;
  time: string | undefined;
  eventid: string;
}

/** Names of the keys in the JSON template. */
export interface Keys {
  jsonIdKey: string;
  jsonChannelKey: string;
  jsonTextKey: string;
  jsonTagKey: string;
  jsonTimeKey: string;
  jsonEventIdKey: string;
}

/** `Thu, 01 Jan 1970 00:00:00 GMT`, as HTTP writes dates. */
export function dateToUTCString(date: Date): string {
  return date.toUTCString();
}

/** The value of a JSON text; null for what is no text. Throws for a text that is not JSON. */
export function parseJSON(text: unknown): unknown {
  if (typeof text !== 'string' || text === '') return null;
  try {
    return JSON.parse(text.trim());
  } catch {
    throw `Invalid JSON: ${text}`;
  }
}

/** A text percent-decoded; other values as they are, and texts with a stray `%`, which other publishers may send. */
export function decoded(text: unknown): unknown {
  if (typeof text !== 'string') return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `text` as it is published: percent-encoded, with apostrophes, because templates may put texts between them. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(/'/g, '%27');
}

/** One message from its JSON. */
export function parseMessage(text: string, keys: Keys): RawMessage {
  const message = parseJSON(text);
  return fromObject((message ?? {}) as Record<string, unknown>, keys);
}

/** One message from an object, as JSONP brings it. */
export function fromObject(message: Record<string, unknown>, keys: Keys): RawMessage {
  return {
    id: message[keys.jsonIdKey] as number,
    channel: message[keys.jsonChannelKey] as string,
    text: decoded(message[keys.jsonTextKey]),
    tag: message[keys.jsonTagKey],
    time: message[keys.jsonTimeKey] as string | undefined,
    eventid: (message[keys.jsonEventIdKey] as string | undefined) || '',
  };
}

/** The objects of a long-poll's body: split at line ends, and where one directly follows another. */
export function splitMessages(body: string): string[] {
  return body
    .replace(/\}\{/g, '}\r\n{')
    .split('\r\n')
    .filter((part) => part !== '');
}

/** The `document.domain` that pages of several hosts of one site share. */
export function extract_xss_domain(host: string): string {
  if (/^(\d{1,3}\.){3}\d{1,3}$/.test(host)) return host;
  const labels = host.split('.');
  const kept = Math.max(labels.length - 1, /(\w{4,}\.\w{2}|\.\w{3,})$/.test(host) ? 2 : 3);
  return labels.slice(-kept).join('.');
}

/** Whether `url` has another scheme, host name or port than the page. */
export function isCrossDomainUrl(url: string): boolean {
  if (!url) return false;
  let target: URL;
  try {
    target = new URL(url, location.href);
  } catch {
    return true;
  }
  const port = (place: { port: string; protocol: string }) => place.port || (place.protocol === 'https:' ? '443' : '80');
  return (
    target.protocol !== location.protocol || target.hostname !== location.hostname || port(target) !== port(location)
  );
}

/** `name=value` pairs, percent-encoded; nothing is left out. */
export function query(parameters: Record<string, unknown>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
    .join('&');
}
