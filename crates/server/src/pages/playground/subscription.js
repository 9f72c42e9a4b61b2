// One subscription: connects, goes on behind the last message when the connection is lost.

/** `/` stands between channels; `.b5` behind one asks for its last 5 messages. */
function channelPath(channels, backtrack) {
  const ids = channels.split('/').filter(Boolean).map(encodeURIComponent);
  return ids.map((id) => (backtrack > 0 ? `${id}.b${backtrack}` : id)).join('/');
}

class Subscription {
  constructor(transport, channels, backtrack, tell) {
    this.transport = transport;
    this.channels = channels;
    this.backtrack = backtrack;
    this.tell = tell;
    this.failures = 0;
    this.position = undefined;
    // Polls have to begin somewhere, or what comes between two of them is nobody's.
    this.began = new Date().toUTCString();
    this.connect();
  }

  /** Where the transport's location is, with where to go on. */
  url(path, more = {}) {
    const at = this.position ?? (path === '/jsonp/' && { time: this.began, tag: '0' });
    const query = Object.entries({ ...more, ...(at && { qs: 'on', time: at.time, tag: at.tag }) });
    const search = query.map(([name, value], n) => `${n ? '&' : '?'}${name}=${encodeURIComponent(value)}`).join('');
    const backtrack = this.position ? 0 : this.backtrack;
    return `${location.origin}${path}${channelPath(this.channels, backtrack)}${search}`;
  }

  behind(time, tag) {
    this.position = { time, tag };
  }

  connect() {
    this.tell.state('connecting');
    this.disconnect = this.transport.connect(this, {
      opened: () => this.opened(),
      got: (messages) => messages.forEach((message) => message && this.got(message)),
      ended: (reason, refused) => this.ended(reason, refused),
    });
  }

  opened() {
    if (this.closed) return;
    this.failures = 0;
    this.tell.state('open');
  }

  got(message) {
    if (this.closed || message.id === PING || message.id === -3) return;
    if (message.id > 0) this.behind(message.time, message.tag);
    this.tell.message(message);
  }

  ended(reason, refused) {
    if (this.closed) return;
    if (refused) {
      this.closed = true;
      this.tell.state('failed', reason);
      return;
    }
    this.failures += 1;
    const wait = Math.min(500 * 2 ** (this.failures - 1), 10_000) * (0.5 + Math.random() / 2);
    this.tell.state('waiting', reason);
    this.timer = setTimeout(() => this.connect(), wait);
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.disconnect?.();
  }
}
