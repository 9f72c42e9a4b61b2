import { now } from './address.js';

/** A request by a script element that calls a global function with an array of messages. */
export class ScriptRequest {
  onmessages: ((messages: Record<string, unknown>[]) => void) | undefined;
  /** The script is over, or time is, and nothing was called; how many milliseconds it took. */
  onsilence: ((waited: number) => void) | undefined;
  private readonly script = document.createElement('script');
  private timer: ReturnType<typeof setTimeout> | undefined;
  private began = 0;

  constructor(
    id: string,
    url: string,
    private readonly callback: string,
    private readonly timeout: number,
  ) {
    this.script.id = id;
    this.script.src = url;
  }

  send(): void {
    const silent = () => {
      this.abort();
      this.onsilence?.(now() - this.began);
    };
    globals()[this.callback] = (messages: Record<string, unknown>[]) => {
      this.abort();
      this.onmessages?.(messages);
    };
    this.script.onload = this.script.onerror = silent;
    this.timer = setTimeout(silent, this.timeout);
    this.began = now();
    document.head.appendChild(this.script);
  }

  /** Nothing is heard of it any more. */
  abort(): void {
    clearTimeout(this.timer);
    this.script.onload = this.script.onerror = null;
    this.script.remove();
    // A script that is under way still calls: into nothing.
    globals()[this.callback] = () => {
      delete globals()[this.callback];
    };
  }
}

function globals(): Record<string, unknown> {
  return window as unknown as Record<string, unknown>;
}
