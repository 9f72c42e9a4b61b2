// The samples of the last minutes, and what lies between two of them: the server sends totals.

const SAMPLES_MAX = 300;

const TRANSPORTS = {
  eventsource: 'EventSource', websocket: 'WebSocket', streaming: 'Streaming', long_polling: 'Long-polling', polling: 'Polling',
};

/**
 * The time within which `share` of what was counted in the buckets was done, in microseconds, by
 * linear interpolation inside its bucket. Undefined if nothing was counted.
 */
function percentile(bounds, counts, share) {
  const all = sum(counts);
  if (all <= 0) return undefined;
  let rank = share * all;
  for (let bucket = 0; bucket < counts.length; bucket += 1) {
    if (counts[bucket] >= rank && counts[bucket] > 0) {
      const low = bucket > 0 ? bounds[bucket - 1] : 0;
      const high = bounds[bucket] ?? low;
      return low + ((high - low) * rank) / counts[bucket];
    }
    rank -= counts[bucket];
  }
  return bounds.at(-1);
}

class Samples {
  constructor() {
    /** Columns of the plots: time, then one list for each line. */
    this.columns = { time: [], in: [], out: [], p50: [], p95: [], p99: [], resident: [], store: [] };
    for (const transport of Object.keys(TRANSPORTS)) this.columns[transport] = [];
  }

  /** Takes in what the server told; what happened since the sample before comes back. */
  add(sample) {
    const before = this.last;
    // A server that began anew counts from zero: nothing can be said about what lies between.
    const known = before !== undefined && before.started === sample.started && sample.at > before.at;
    this.last = sample;
    const moment = known ? between(before, sample) : {};
    const { memory, subscribers } = sample;
    this.push({ time: sample.at / 1000, ...moment, resident: memory.resident, store: memory.store, ...subscribers });
    return moment;
  }

  push(row) {
    for (const [name, column] of Object.entries(this.columns)) {
      column.push(row[name] ?? null);
      if (column.length > SAMPLES_MAX) column.shift();
    }
  }

  plot(names) {
    return ['time', ...names].map((name) => this.columns[name]);
  }
}

/** Rates and percentiles between two samples. */
function between(before, after) {
  const seconds = (after.at - before.at) / 1000;
  const rate = (name) => (after[name] - before[name]) / seconds;
  const counts = after.latency.counts.map((total, bucket) => total - before.latency.counts[bucket]);
  const worker = (now, n) => ({
    busy: (now.busy - before.workers[n].busy) / 1e6 / seconds,
    delivered: (now.delivered - before.workers[n].delivered) / seconds,
  });
  return {
    in: rate('published'),
    out: rate('delivered'),
    receivedBytes: rate('received_bytes'),
    sentBytes: rate('sent_bytes'),
    cpu: rate('cpu_seconds'),
    p50: percentile(after.latency.bounds, counts, 0.5),
    p95: percentile(after.latency.bounds, counts, 0.95),
    p99: percentile(after.latency.bounds, counts, 0.99),
    workers: after.workers.map(worker),
  };
}
