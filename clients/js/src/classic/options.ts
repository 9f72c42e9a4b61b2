/** Options of `new PushStream(options)`; each is kept as a property of the same name. */
export interface Options {
  useSSL?: boolean;
  /** Default: the page's host name. */
  host?: string;
  /** Default: 80, with `useSSL` 443. */
  port?: number | string;
  /** Milliseconds that a long-poll (2000 more) and the loading of a stream frame may take. Default 30000. */
  timeout?: number;
  /** Milliseconds of silence after which a stream is given up. Default 30000. */
  pingtimeout?: number;
  /** Milliseconds from a time-out, or an end by the server, to the next attempt. Default 3000. */
  reconnectOnTimeoutInterval?: number;
  /** Milliseconds from a failure to connect to the next attempt. Default 60000. */
  reconnectOnChannelUnavailableInterval?: number;
  autoReconnect?: boolean;
  lastEventId?: string | null;
  /** Old messages to begin with: seconds ago (> 0), everything (< 0), or since that moment. */
  messagesPublishedAfter?: number | Date;
  messagesControlByArgument?: boolean;
  tagArgument?: string;
  timeArgument?: string;
  eventIdArgument?: string;
  useJSONP?: boolean;
  urlPrefixPublisher?: string;
  urlPrefixStream?: string;
  urlPrefixEventsource?: string;
  urlPrefixLongpolling?: string;
  urlPrefixWebsocket?: string;
  jsonIdKey?: string;
  jsonChannelKey?: string;
  jsonTextKey?: string;
  jsonTagKey?: string;
  jsonTimeKey?: string;
  jsonEventIdKey?: string;
  /** Order of attempts: `websocket`, `eventsource`, `stream`, `longpolling`, separated by `|`. */
  modes?: string;
  onmessage?: OnMessage | null;
  onerror?: ((error: { type: ErrorType }) => void) | null;
  onstatuschange?: ((state: number) => void) | null;
  onchanneldeleted?: ((channel: string) => void) | null;
  /** Called for every connection; becomes query arguments. */
  extraParams?: () => Record<string, unknown>;
  channelsByArgument?: boolean;
  channelsArgument?: string;
}

export type ErrorType = 'load' | 'timeout';

export type OnMessage = (
  text: unknown,
  id: number,
  channel: string,
  eventId: string,
  isLastOfBatch: boolean,
  time: string | undefined,
) => void;

/** Names from before 0.4.0. */
const OLD_NAMES: Record<string, keyof Options> = {
  jsonDataKey: 'jsonTextKey',
  longPollingUseJSONP: 'useJSONP',
  longPollingTagArgument: 'tagArgument',
  longPollingTimeArgument: 'timeArgument',
  longPollingTimeout: 'timeout',
  reconnecttimeout: 'reconnectOnTimeoutInterval',
  checkChannelAvailabilityInterval: 'reconnectOnChannelUnavailableInterval',
  secondsAgo: 'messagesPublishedAfter',
};

/** The options with today's names; a name of today wins over its old one. */
export function renamed(given: Options & Record<string, unknown>): Options {
  const options: Record<string, unknown> = { ...given };
  for (const [old, name] of Object.entries(OLD_NAMES)) {
    if (old in given && !(name in given)) options[name] = given[old];
  }
  if ('longPollingByHeaders' in given && !('messagesControlByArgument' in given)) {
    options.messagesControlByArgument = !given.longPollingByHeaders;
  }
  return options as Options;
}
