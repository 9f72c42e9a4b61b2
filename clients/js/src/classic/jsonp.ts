import { now } from './address.js';

type Messages = Record<string, unknown>[];

/** A request by a script element that calls a function with an array of messages. Script and function live in a hidden
 * frame: a browser ends the request of a script only together with the script's document. */
export class ScriptRequest {
  onmessages: ((messages: Messages) => void) | undefined;
  /** The script is over, or time is, and nothing was called; how many milliseconds it took. */
  onsilence: ((waited: number) => void) | undefined;
  private readonly frame = document.createElement('iframe');
  private timer: ReturnType<typeof setTimeout> | undefined;
  private began = 0;

  constructor(
    id: string,
    private readonly url: string,
    private readonly callback: string,
    private readonly timeout: number,
  ) {
    this.frame.id = id;
    this.frame.style.display = 'none';
  }

  send(): void {
    this.began = now();
    this.timer = setTimeout(() => this.silent(), this.timeout);
    (document.body ?? document.documentElement).appendChild(this.frame);
    const inside = this.frame.contentWindow as unknown as Record<string, unknown> & { document: Document };
    inside[this.callback] = (messages: Messages) => this.called(messages);
    const script = inside.document.createElement('script');
    script.onload = script.onerror = () => this.silent();
    script.src = this.url;
    inside.document.head.appendChild(script);
  }

  /** Ends the request; nothing is heard of it any more. */
  abort(): void {
    clearTimeout(this.timer);
    this.frame.remove();
  }

  private called(messages: Messages): void {
    // Objects of the page, not of a frame that is gone.
    const own = JSON.parse(JSON.stringify(messages)) as Messages;
    this.abort();
    // What the page's own callback throws is to be an error of the page, not of the frame.
    this.timer = setTimeout(() => this.onmessages?.(own), 0);
  }

  private silent(): void {
    if (!this.frame.isConnected) return;
    this.abort();
    this.onsilence?.(now() - this.began);
  }
}
