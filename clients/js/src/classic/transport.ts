import type { PushStream } from './push_stream.js';

/** A way of receiving. */
export interface Transport {
  /** What pages read as `wrapper.type`. */
  readonly type: 'WebSocket' | 'EventSource' | 'Stream' | 'LongPolling';
  connect(): void;
  /** Ends the connection; nothing is heard of it any more. */
  disconnect(): void;
  /** Publishes over the connection itself; absent where a POST does it. */
  sendMessage?(text: string, ok?: (response?: string) => void, failed?: (status?: number) => void): void;
}

export type TransportConstructor = new (client: PushStream) => Transport;
