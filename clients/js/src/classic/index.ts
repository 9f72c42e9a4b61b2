// The classic script: defines the globals of nginx-push-stream-module's client once.
import { LOG } from './log.js';
import { post } from './post.js';
import { manager, PushStream } from './push_stream.js';
import type { StreamTransport, StreamWindow } from './stream.js';
import { dateToUTCString, extract_xss_domain, isCrossDomainUrl, parseJSON, parseMessage } from './text.js';

/** Called from the page of a stream: its frame belongs to the client `streamid` of its address. */
function register(frame: StreamWindow): void {
  const id = /[?&]streamid=([0-9]+)/.exec(frame.location.href)?.[1];
  const wrapper = id === undefined ? undefined : manager[Number(id)]?.wrapper;
  if (wrapper?.type === 'Stream') (wrapper as StreamTransport).register(frame);
}

function define(scope: Record<string, unknown>): void {
  const statics = {
    LOG_LEVEL: { get: () => LOG.level, set: (level: string) => (LOG.level = level), enumerable: true },
    LOG_OUTPUT_ELEMENT_ID: { get: () => LOG.elementId, set: (id: string) => (LOG.elementId = id), enumerable: true },
    sendMessage: { value: post, writable: true },
    register: { value: register, writable: true },
  };
  Object.defineProperties(PushStream, statics);
  scope.PushStream = PushStream;
  scope.PushStreamManager = manager;
  if ('jasmine' in scope) {
    scope.Utils = { dateToUTCString, extract_xss_domain, isCrossDomainUrl, parseJSON, parseMessage };
  }
}

const scope = window as unknown as Record<string, unknown>;
if (!scope.PushStream) define(scope);
