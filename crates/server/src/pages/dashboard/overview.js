// The overview: tiles, tables and events of the latest sample.

const EVENTS_MAX = 100;

const EVENTS = {
  channel_created: 'channel began', channel_destroyed: 'channel ended',
  client_subscribed: 'subscribed to', client_unsubscribed: 'left',
};

const cells = (values) => values.map((value) => element('td', value));

class Overview {
  constructor() {
    this.event = 0;
    for (const input of document.querySelectorAll('input[name="order"]')) {
      input.addEventListener('change', () => this.sample && this.showTop(this.sample));
    }
  }

  show(sample, moment) {
    this.sample = sample;
    this.showTiles(sample, moment);
    this.showTop(sample);
    this.showWorkers(sample, moment);
    this.showConnections(sample);
    this.showSlow(sample);
    this.showServer(sample, moment);
    this.showEvents(sample.events);
  }

  showTiles(sample, moment) {
    const { memory } = sample;
    const tile = (name, value, more) => {
      $(`t-${name}`).textContent = value;
      $(`t-${name}-more`).textContent = more;
    };
    tile('subscribers', count(sum(sample.subscribers)), `${count(sample.channels + sample.wildcard_channels)} channels`);
    tile('in', `${count(moment.in)}/s`, `${count(sample.published)} so far`);
    tile('out', `${count(moment.out)}/s`, `${count(sample.delivered)} so far`);
    tile('latency', duration(moment.p99), moment.p50 === undefined ? 'nothing was sent' : `half within ${duration(moment.p50)}`);
    tile('memory', bytes(memory.resident), `${bytes(memory.store)} of ${bytes(memory.store_max)} for channels`);
    tile('slow', count(sample.slow.length), `${count(sample.disconnected)} disconnected, ${count(sample.dropped)} dropped`);
  }

  showTop(sample) {
    const order = document.querySelector('input[name="order"]:checked').value;
    const row = (channel) => element('tr', [
      element('td', channelLink(channel.id)),
      ...cells([count(channel.subscribers), count(channel.rate), bytes(channel.bytes), count(channel.stored), count(channel.published)]),
    ]);
    replaceRows($('top'), sample.top[order].map(row));
    $('top-empty').hidden = sample.top[order].length > 0;
  }

  showWorkers(sample, moment) {
    const row = (worker, n) => element('tr', cells([
      String(n),
      moment.workers ? `${Math.round(moment.workers[n].busy * 100)} %` : '-',
      count(worker.connections), count(worker.subscribers),
      count(moment.workers?.[n].delivered), bytes(worker.waiting),
    ]));
    $('workers').replaceChildren(...sample.workers.map(row));
  }

  showConnections(sample) {
    const { idle, reading, answering, handshaking } = sample.connections;
    const rows = {
      ...Object.fromEntries(Object.entries(TRANSPORTS).map(([name, label]) => [label, sample.subscribers[name]])),
      'At rest': idle, 'In a request': reading + answering, 'In a TLS handshake': handshaking,
    };
    const all = Math.max(sum(rows), 1);
    const row = ([label, value]) => element('div', [
      element('dt', label), element('dd', count(value)),
      element('dd', element('progress', '', { max: all, value, ariaLabel: label }), { className: 'whole' }),
    ]);
    $('connections').replaceChildren(...Object.entries(rows).map(row));
  }

  showSlow(sample) {
    const row = (one) => element('tr', cells([one.client, one.location, TRANSPORTS[one.transport], bytes(one.waiting), String(one.worker)]));
    $('slow').replaceChildren(...sample.slow.map(row));
    $('slow-table').hidden = sample.slow.length === 0;
    $('slow-empty').hidden = sample.slow.length > 0;
  }

  showServer(sample, moment) {
    const rows = {
      'Running for': uptime((sample.at - sample.started) / 1000),
      Processor: moment.cpu === undefined ? '-' : `${Math.round(moment.cpu * 100)} % of a core`,
      'Open files': `${count(sample.open_files)} of ${count(sample.open_files_max)}`,
      'Messages stored': count(sample.stored),
      'Bytes in': `${bytes(moment.receivedBytes)}/s`,
      'Bytes out': `${bytes(moment.sentBytes)}/s`,
      'Waiting for sockets': bytes(sum(sample.workers.map(({ waiting }) => waiting))),
    };
    const row = ([label, value]) => element('div', [element('dt', label), element('dd', value)]);
    $('server').replaceChildren(...Object.entries(rows).map(row));
  }

  /** A sample repeats the events of the last seconds: numbers tell which are new. */
  showEvents(events) {
    const fresh = events.filter(({ number }) => number > this.event);
    if (fresh.length === 0) return;
    const skipped = fresh[0].number - this.event - 1;
    if (this.event > 0 && skipped > 0) this.addEvent(element('li', element('span', `${count(skipped)} more`, { className: 'quiet' })));
    this.event = fresh.at(-1).number;
    for (const { at, type, channel } of fresh) {
      this.addEvent(element('li', [
        element('time', clock(new Date(at * 1000))), element('span', EVENTS[type] ?? type, { className: 'what' }), channelLink(channel),
      ]));
    }
    $('events-empty').hidden = true;
  }

  addEvent(item) {
    $('events').prepend(item);
    while ($('events').children.length > EVENTS_MAX) $('events').lastChild.remove();
  }
}

/** New rows for a table, with the focus left on the link where it was. */
function replaceRows(body, rows) {
  const focused = body.contains(document.activeElement) ? document.activeElement.hash : undefined;
  body.replaceChildren(...rows);
  if (focused !== undefined) [...body.querySelectorAll('a')].find(({ hash }) => hash === focused)?.focus();
}
