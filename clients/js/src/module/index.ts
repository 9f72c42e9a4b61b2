/** Subscribe to and publish on outpour, and on servers with nginx-push-stream-module. */
export type { Paths, Since } from './address.js';
export type { Backoff } from './backoff.js';
export type { Message, Position } from './message.js';
export { publish, PublishError } from './publish.js';
export type { ChannelInfo, PublishOptions } from './publish.js';
export { MessageArrived, Notice, subscribe, Subscription } from './subscription.js';
export type { State, SubscribeOptions } from './subscription.js';
export { TransportError } from './transports.js';
export type { TransportName } from './transports.js';
