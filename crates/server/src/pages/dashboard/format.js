// Numbers as people read them.

const $ = (id) => document.getElementById(id);

/** At most three digits that matter: 0.4, 12.5, 1,234, 56.7k. */
function count(value) {
  if (value === undefined || value === null || Number.isNaN(value)) return '-';
  if (value >= 1e9) return `${short(value / 1e9)}G`;
  if (value >= 1e6) return `${short(value / 1e6)}M`;
  if (value >= 1e5) return `${short(value / 1e3)}k`;
  return value < 100 && !Number.isInteger(value) ? short(value) : Math.round(value).toLocaleString('en');
}

const short = (value) => String(Number(value.toPrecision(3)));

function bytes(value) {
  if (value === undefined || value === null || Number.isNaN(value)) return '-';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${short(value)} ${units[unit]}`;
}

/** Microseconds. */
function duration(micros) {
  if (micros === undefined || micros === null || Number.isNaN(micros)) return '-';
  if (micros >= 1e6) return `${short(micros / 1e6)} s`;
  return micros >= 1000 ? `${short(micros / 1000)} ms` : `${Math.round(micros)} µs`;
}

function uptime(seconds) {
  const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${Math.floor(seconds % 60)} s`;
}

const clock = (date) => date.toLocaleTimeString([], { hour12: false });

const sum = (values) => Object.values(values).reduce((all, one) => all + one, 0);

/** An element with a text, or with others inside. */
function element(name, content, attributes = {}) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...[content].flat());
  return made;
}

const channelLink = (id) => element('a', id === '' ? '(empty)' : id, { href: `#channel=${encodeURIComponent(id)}` });
