import { publisherAddress } from './address.js';
import { EventSourceTransport } from './event_source.js';
import { log } from './log.js';
import { LongPollingTransport } from './long_polling.js';
import { renamed } from './options.js';
import type { ErrorType, OnMessage, Options } from './options.js';
import { post } from './post.js';
import type { Failed, Succeeded } from './post.js';
import { CLOSED, CONNECTING, OPEN } from './states.js';
import { StreamTransport } from './stream.js';
import { dateToUTCString, isCrossDomainUrl } from './text.js';
import type { RawMessage } from './text.js';
import type { Transport, TransportConstructor } from './transport.js';
import { WebSocketTransport } from './websocket.js';

/** All clients of the page; a client's id is its index. */
export const manager: PushStream[] = [];

/** The transports that this browser has, by the name of their mode. */
function transports(): Record<string, TransportConstructor | undefined> {
  return {
    websocket: 'WebSocket' in window ? WebSocketTransport : undefined,
    eventsource: 'EventSource' in window ? EventSourceTransport : undefined,
    stream: StreamTransport,
    longpolling: LongPollingTransport,
  };
}

/** Ids of messages that are none: a deleted channel. */
const CHANNEL_DELETED = -2;

/** A client of some channels of one server. */
export class PushStream {
  static readonly CLOSED = CLOSED;
  static readonly CONNECTING = CONNECTING;
  static readonly OPEN = OPEN;

  readonly id: number;
  useSSL: boolean;
  host: string;
  port: number | string;
  timeout: number;
  pingtimeout: number;
  reconnectOnTimeoutInterval: number;
  reconnectOnChannelUnavailableInterval: number;
  autoReconnect: boolean;
  lastEventId: string | null;
  messagesPublishedAfter: number | Date | undefined;
  messagesControlByArgument: boolean;
  tagArgument: string;
  timeArgument: string;
  eventIdArgument: string;
  useJSONP: boolean;
  urlPrefixPublisher: string;
  urlPrefixStream: string;
  urlPrefixEventsource: string;
  urlPrefixLongpolling: string;
  urlPrefixWebsocket: string;
  jsonIdKey: string;
  jsonChannelKey: string;
  jsonTextKey: string;
  jsonTagKey: string;
  jsonTimeKey: string;
  jsonEventIdKey: string;
  modes: string[];
  onmessage: OnMessage | null;
  onerror: ((error: { type: ErrorType }) => void) | null;
  onstatuschange: ((state: number) => void) | null;
  onchanneldeleted: ((channel: string) => void) | null;
  extraParams: () => Record<string, unknown>;
  channelsByArgument: boolean;
  channelsArgument: string;

  readyState: number = CLOSED;
  channels: Record<string, { backtrack?: number }> = {};
  channelsCount = 0;
  wrappers: Transport[];
  wrapper: Transport | null = null;

  /** Position: what was received last, or where to begin. */
  _etag: unknown = 0;
  /** Whether a long-poll has told its position by headers. */
  _answered = false;
  _lastModified: string | null;
  _lastEventId: string | null;
  _crossDomain: boolean;
  private keepConnected = false;
  private attempts = 0;
  private reconnectTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(given: Options & Record<string, unknown> = {}) {
    const options = renamed(given);
    this.id = manager.push(this) - 1;
    this.useSSL = options.useSSL || false;
    this.host = options.host || window.location.hostname;
    this.port = options.port || (this.useSSL ? 443 : 80);
    this.timeout = options.timeout || 30000;
    this.pingtimeout = options.pingtimeout || 30000;
    this.reconnectOnTimeoutInterval = options.reconnectOnTimeoutInterval || 3000;
    this.reconnectOnChannelUnavailableInterval = options.reconnectOnChannelUnavailableInterval || 60000;
    this.autoReconnect = options.autoReconnect !== false;
    this.lastEventId = options.lastEventId || null;
    this.messagesPublishedAfter = options.messagesPublishedAfter;
    this.messagesControlByArgument = options.messagesControlByArgument || false;
    this.tagArgument = options.tagArgument || 'tag';
    this.timeArgument = options.timeArgument || 'time';
    this.eventIdArgument = options.eventIdArgument || 'eventid';
    this.useJSONP = options.useJSONP || false;
    this.urlPrefixPublisher = options.urlPrefixPublisher || '/pub';
    this.urlPrefixStream = options.urlPrefixStream || '/sub';
    this.urlPrefixEventsource = options.urlPrefixEventsource || '/ev';
    this.urlPrefixLongpolling = options.urlPrefixLongpolling || '/lp';
    this.urlPrefixWebsocket = options.urlPrefixWebsocket || '/ws';
    this.jsonIdKey = options.jsonIdKey || 'id';
    this.jsonChannelKey = options.jsonChannelKey || 'channel';
    this.jsonTextKey = options.jsonTextKey || 'text';
    this.jsonTagKey = options.jsonTagKey || 'tag';
    this.jsonTimeKey = options.jsonTimeKey || 'time';
    this.jsonEventIdKey = options.jsonEventIdKey || 'eventid';
    this.modes = (options.modes || 'eventsource|websocket|stream|longpolling').split('|');
    this.onmessage = options.onmessage || null;
    this.onerror = options.onerror || null;
    this.onstatuschange = options.onstatuschange || null;
    this.onchanneldeleted = options.onchanneldeleted || null;
    this.extraParams = options.extraParams || (() => ({}));
    this.channelsByArgument = options.channelsByArgument || false;
    this.channelsArgument = options.channelsArgument || 'channels';

    this._lastModified = firstTime(this.messagesPublishedAfter);
    this._lastEventId = this.lastEventId;
    this._crossDomain = isCrossDomainUrl(publisherAddress(this));
    const known = transports();
    const usable = this.modes.map((mode) => known[mode]).filter((one) => one !== undefined);
    this.wrappers = usable.map((Usable) => new Usable(this));
  }

  addChannel(name: string, options: { backtrack?: number } = {}): void {
    if (encodeURIComponent(name) !== name) {
      throw 'Invalid channel name! Channel has to be a set of [a-zA-Z0-9]';
    }
    if (Object.hasOwn(this.channels, name)) throw `Cannot add channel ${name}: already subscribed`;
    this.channels[name] = options;
    this.channelsCount += 1;
    log('info', 'added channel', name);
    if (this.readyState !== CLOSED) this.connect();
  }

  removeChannel(name: string): void {
    if (!Object.hasOwn(this.channels, name)) return;
    delete this.channels[name];
    this.channelsCount -= 1;
    log('info', 'removed channel', name);
  }

  removeAllChannels(): void {
    this.channels = {};
    this.channelsCount = 0;
  }

  connect(): void {
    if (!this.host) throw 'PushStream host not specified';
    if (!this.port || Number.isNaN(Number(this.port))) throw 'PushStream port not specified';
    if (!this.channelsCount) throw 'No channels specified';
    if (this.wrappers.length === 0) throw 'No available support for this browser';
    this.keepConnected = true;
    this.attempts = 0;
    this.attempt();
  }

  disconnect(): void {
    this.keepConnected = false;
    this.stop();
    this.changeState(CLOSED);
  }

  sendMessage(text: string, ok?: Succeeded, failed?: Failed): void {
    const { wrapper } = this;
    if (!wrapper) throw new TypeError('sendMessage needs a transport: connect() first');
    if (wrapper.sendMessage) wrapper.sendMessage(text, ok as (() => void) | undefined);
    else post(publisherAddress(this), text, ok, failed);
  }

  /** The transport is open. */
  _onopen(): void {
    clearTimeout(this.reconnectTimer);
    // The next connection begins with the mode that works. A browser may open an EventSource again by itself.
    if (this.readyState !== OPEN) this.attempts -= 1;
    this.changeState(OPEN);
  }

  /** The transport is gone. */
  _onerror(type: ErrorType): void {
    this.stop();
    this.changeState(CLOSED);
    this.reconnect(type === 'load' ? this.reconnectOnChannelUnavailableInterval : this.reconnectOnTimeoutInterval);
    log('info', 'the connection ended:', type);
    this.onerror?.({ type });
  }

  /** A message, or a sign of the server, has come. */
  _receive(message: RawMessage, isLastOfBatch: boolean): void {
    log('debug', 'message', JSON.stringify(message));
    this.remember(message);
    if (message.id > 0) {
      this.onmessage?.(message.text, message.id, message.channel, message.eventid, isLastOfBatch, message.time);
    } else if (message.id === CHANNEL_DELETED) {
      this.onchanneldeleted?.(message.channel);
    }
  }

  /** The position of what was received; a long-poll keeps it by headers unless told otherwise. */
  private remember(message: RawMessage): void {
    if (message.id <= 0) return;
    if (this.wrapper?.type === 'LongPolling' && !(this.messagesControlByArgument && message.time)) return;
    this._etag = message.tag ?? this._etag;
    this._lastModified = message.time || this._lastModified;
    this._lastEventId = message.eventid || this._lastEventId;
  }

  private attempt(): void {
    this.stop();
    this.changeState(CLOSED);
    this.changeState(CONNECTING);
    const wrapper = this.wrappers[this.attempts % this.wrappers.length];
    this.attempts += 1;
    this.wrapper = wrapper ?? null;
    try {
      wrapper?.connect();
    } catch (error) {
      log('error', 'cannot connect:', error);
      this._onerror('load');
    }
  }

  private stop(): void {
    clearTimeout(this.reconnectTimer);
    this.wrapper?.disconnect();
  }

  private reconnect(milliseconds: number): void {
    if (!this.autoReconnect || !this.keepConnected) return;
    clearTimeout(this.reconnectTimer);
    this.reconnectTimer = setTimeout(() => this.attempt(), milliseconds);
  }

  private changeState(state: number): void {
    if (this.readyState === state) return;
    this.readyState = state;
    log('info', 'state', state);
    this.onstatuschange?.(state);
  }
}

/** The moment from which old messages are wanted, as HTTP writes it. */
function firstTime(after: number | Date | undefined): string | null {
  if (!after) return null;
  if (after instanceof Date) return dateToUTCString(after);
  if (after < 0) return dateToUTCString(new Date(0));
  return dateToUTCString(new Date(Date.now() - after * 1000));
}
