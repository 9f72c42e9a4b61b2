/** A message of a channel. */
export interface Message<T = string> {
  /** Number within its channel, from 1. */
  readonly id: number;
  readonly channel: string;
  /** The text, percent-decoded, or what `parse` made of it. */
  readonly data: T;
  /** When it was published, to the second. */
  readonly time: Date;
  /** Order within that second. */
  readonly tag: number;
  /** The `Event-Id` that it was published with; empty if there was none. */
  readonly eventId: string;
  /** The `Event-Type` that it was published with, where the transport tells. */
  readonly eventType?: string;
}

/** A place in the flow of messages: behind the message with this time and tag. */
export interface Position {
  readonly time: Date;
  readonly tag: number;
}

/** Whether `a` comes behind `b` in the server's order. */
export function isBehind(a: Position, b: Position): boolean {
  const seconds = (p: Position) => Math.floor(p.time.getTime() / 1000);
  return seconds(a) > seconds(b) || (seconds(a) === seconds(b) && a.tag > b.tag);
}

/** Signs of the server that are no messages have ids below 1: -1 is a ping, -2 a deleted channel. */
export const CHANNEL_DELETED = -2;

/** What one line, frame or event of the JSON template says. Throws a SyntaxError if it is not JSON. */
export function read(json: string): Message<string> {
  const raw = JSON.parse(json) as Record<string, unknown>;
  return {
    id: Number(raw.id),
    channel: String(raw.channel ?? ''),
    data: decoded(raw.text),
    time: new Date(String(raw.time ?? 0)),
    tag: Number(raw.tag ?? 0),
    eventId: String(raw.eventid ?? ''),
  };
}

/** Publishers that are no JavaScript may send text with a stray `%`: it stays as it is. */
function decoded(text: unknown): string {
  if (typeof text !== 'string') return JSON.stringify(text ?? '');
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
