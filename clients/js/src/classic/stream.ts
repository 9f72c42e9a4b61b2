import { controlParameters, now, subscriberAddress } from './address.js';
import { log } from './log.js';
import type { PushStream } from './push_stream.js';
import { CONNECTING } from './states.js';
import { decoded, extract_xss_domain } from './text.js';
import type { Transport } from './transport.js';

/** The window of a stream's frame: every message is a call of `p`. */
export interface StreamWindow extends Window {
  p?: (id: number | string, channel: string, text: unknown, eventid: string, time: string, tag: string) => void;
}

/** Messages as scripts in a hidden frame that never finishes loading. */
export class StreamTransport implements Transport {
  readonly type = 'Stream';
  private frame: HTMLIFrameElement | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly client: PushStream) {}

  connect(): void {
    this.disconnect();
    const { client } = this;
    try {
      document.domain = extract_xss_domain(client.host);
    } catch {
      // Browsers that have given document.domain up work as long as page and server share an origin.
      log('info', '[Stream] the domain of the document cannot be changed');
    }
    const parameters = { ...client.extraParams(), _: now(), streamid: client.id, ...controlParameters(client) };
    const frame = document.createElement('iframe');
    frame.id = `PushStreamManager_${client.id}`;
    frame.style.cssText = 'position:absolute;left:-10px;top:-10px;width:1px;height:1px;border:0';
    frame.onload = () => this.failed();
    frame.src = subscriberAddress(client, 'http', client.urlPrefixStream, parameters);
    this.frame = frame;
    this.timer = setTimeout(() => this.failed(), client.timeout);
    document.body.appendChild(frame);
    log('info', '[Stream] loading', frame.src);
  }

  disconnect(): void {
    clearTimeout(this.timer);
    const { frame } = this;
    if (!frame) return;
    this.frame = null;
    frame.onload = null;
    frame.src = 'about:blank';
    frame.remove();
  }

  /** The page in the frame is there: it may call `p` from now on. */
  register(window: StreamWindow): void {
    if (!this.frame) return;
    window.p = (id, channel, text, eventid, time, tag) => this.process(id, channel, text, eventid, time, tag);
    this.listen();
    this.client._onopen();
  }

  private process(id: number | string, channel: string, text: unknown, eventid: string, time: string, tag: string): void {
    if (!this.frame) return;
    // The scripts of messages would pile up in a page that never ends.
    this.frame.contentDocument?.currentScript?.remove();
    this.listen();
    this.client._receive({ id: Number(id), channel, text: decoded(text), eventid: eventid || '', time, tag }, true);
  }

  /** The silence that is allowed begins anew. */
  private listen(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.failed(), this.client.pingtimeout);
  }

  /** Before it was registered that is a failure, afterwards the server's end, or its silence. */
  private failed(): void {
    const load = this.client.readyState === CONNECTING;
    this.disconnect();
    this.client._onerror(load ? 'load' : 'timeout');
  }
}
