import { now } from './address.js';
import { encoded } from './text.js';

export type Succeeded = ((response: string) => void) | undefined;
export type Failed = ((status: number) => void) | undefined;

/** Publishes `text` percent-encoded; no time limit. */
export function post(url: string, text: string, ok: Succeeded, failed: Failed): void {
  const request = new XMLHttpRequest();
  request.open('POST', `${url}${url.includes('?') ? '&' : '?'}_=${now()}`, true);
  request.setRequestHeader('Accept', 'application/json');
  request.setRequestHeader('Content-type', 'application/x-www-form-urlencoded');
  request.onreadystatechange = () => {
    if (request.readyState !== 4) return;
    if (request.status === 200) ok?.(request.responseText);
    else failed?.(request.status);
  };
  request.send(text ? encoded(text) : text);
}
