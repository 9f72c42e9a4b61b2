// One channel: its figures, its stored messages and the live ones.

const MESSAGES_MAX = 500;
const TEXT_MAX = 4096;

/** What the server wants to see with a request that changes something: pages of others cannot send it. */
const OURS = { 'X-Outpour-Dashboard': '1' };

const address = (query) => `${location.pathname}?${new URLSearchParams(query)}`.replaceAll('+', '%20');

/** Takes messages out of a stream: a line of facts with the text's length in bytes, then the text. */
class TailReader {
  constructor() {
    this.bytes = new Uint8Array(0);
  }

  /** The messages that are complete with `piece`. */
  read(piece) {
    const joined = new Uint8Array(this.bytes.length + piece.length);
    joined.set(this.bytes);
    joined.set(piece, this.bytes.length);
    const messages = [];
    let at = 0;
    for (;;) {
      const end = joined.indexOf(10, at);
      if (end < 0) break;
      const [id, tag, size, time] = new TextDecoder().decode(joined.subarray(at, end)).split('\t');
      const next = end + 1 + Number(size) + 1;
      if (next > joined.length) break;
      const text = joined.subarray(end + 1, end + 1 + Math.min(Number(size), TEXT_MAX));
      messages.push({ id: Number(id), tag, size: Number(size), time, text: new TextDecoder().decode(text) });
      at = next;
    }
    this.bytes = joined.slice(at);
    return messages;
  }
}

class Channel {
  constructor(id) {
    this.id = id;
    this.end = new AbortController();
    $('channel-id').textContent = id;
    $('tail').replaceChildren();
    $('tail-empty').hidden = false;
    $('outcome').textContent = '';
    this.figures = undefined;
    this.showFigures({});
    this.follow();
    this.ask();
    this.timer = setInterval(() => document.hidden || this.ask(), 2000);
  }

  close() {
    clearInterval(this.timer);
    clearTimeout(this.again);
    this.end.abort();
  }

  state(state, text) {
    $('tail-state').dataset.state = state;
    $('tail-state').textContent = text;
  }

  /** Reads the channel's messages until it ends; then looks whether it is there again. */
  async follow() {
    this.state('connecting', 'connecting');
    try {
      const answer = await fetch(address({ feed: 'channel', id: this.id }), { signal: this.end.signal, cache: 'no-store' });
      if (answer.ok) await this.take(answer.body.getReader());
      else if (answer.status === 404) this.state('closed', 'there is no such channel');
      else this.state('failed', answer.headers.get('x-nginx-pushstream-explain') || `${answer.status} ${answer.statusText}`);
    } catch {
      if (!this.end.signal.aborted) this.state('waiting', 'connecting again');
    }
    if (!this.end.signal.aborted) this.again = setTimeout(() => this.follow(), 2000);
  }

  async take(reader) {
    const tail = new TailReader();
    this.state('open', 'live');
    $('tail').replaceChildren();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      const rows = tail.read(piece.value).filter(({ id }) => id !== -1).map((message) => this.row(message));
      $('tail').prepend(...rows.reverse());
      while ($('tail').children.length > MESSAGES_MAX) $('tail').lastChild.remove();
      if (rows.length > 0) $('tail-empty').hidden = true;
    }
  }

  row({ id, tag, size, time, text }) {
    if (id < 0) return element('tr', cells(['', clock(new Date()), '', '', text]));
    const shown = size > TEXT_MAX ? `${text}...` : text;
    return element('tr', cells([String(id), clock(new Date(time)), tag, count(size), shown]));
  }

  async ask() {
    const answer = await fetch(address({ feed: 'info', id: this.id }), { signal: this.end.signal, cache: 'no-store' }).catch(() => undefined);
    if (!answer || this.end.signal.aborted) return;
    this.showFigures(answer.ok ? await answer.json().catch(() => ({})) : {});
  }

  showFigures(info) {
    const now = { at: performance.now(), published: info.published };
    const before = this.figures;
    this.figures = now;
    $('c-subscribers').textContent = count(info.subscribers);
    $('c-published').textContent = count(info.published);
    $('c-stored').textContent = count(info.stored);
    const known = before?.published !== undefined && now.published >= before.published;
    $('c-rate').textContent = known ? count(((now.published - before.published) * 1000) / (now.at - before.at)) : '-';
  }

  async change(method, body, done) {
    let text;
    try {
      const answer = await fetch(address({ id: this.id }), { method, body, headers: OURS });
      const reason = answer.headers.get('x-nginx-pushstream-explain');
      text = answer.ok ? done : `${answer.status} ${reason || answer.statusText}`;
      $('outcome').classList.toggle('bad', !answer.ok);
    } catch {
      text = 'The server could not be reached.';
      $('outcome').classList.add('bad');
    }
    $('outcome').textContent = text;
    this.ask();
  }
}
