// Plots over the samples, drawn by uPlot.

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** What is drawn where. Axes on the right belong to lines that another order of magnitude may have. */
const PLOTS = [
  {
    place: 'plot-messages', format: count,
    lines: [{ name: 'in', label: 'in' }, { name: 'out', label: 'out', right: true }],
  },
  {
    place: 'plot-latency', format: duration,
    lines: [{ name: 'p50', label: '50 %' }, { name: 'p95', label: '95 %' }, { name: 'p99', label: '99 %' }],
  },
  {
    place: 'plot-subscribers', format: count,
    lines: Object.entries(TRANSPORTS).filter(([name]) => name !== 'polling').map(([name, label]) => ({ name, label })),
  },
  {
    place: 'plot-memory', format: bytes,
    lines: [{ name: 'resident', label: 'process' }, { name: 'store', label: 'channels' }],
  },
];

/** From zero up, with air above, and never without height. */
const range = (_, low, high) => [0, Math.max((high ?? 0) * 1.1, 1)];

/** Between two lines of the grid: round numbers, of bytes too. */
const steps = (base) => Array.from({ length: 50 }, (_, n) => (base === 2 ? 2 ** n : [1, 2, 5][n % 3] * 10 ** Math.floor(n / 3)));

function axis(scale, side, format) {
  return {
    incrs: steps(format === bytes ? 2 : 10),
    scale, side, stroke: colour('--quiet'), grid: { show: side === 3, stroke: colour('--line'), width: 1 },
    ticks: { show: false }, size: 58, font: '12px system-ui, sans-serif', values: (_, values) => values.map(format),
  };
}

function draw({ place, format, lines }, samples) {
  const root = $(place);
  root.replaceChildren();
  const both = lines.some(({ right }) => right);
  const series = lines.map(({ label, right }, n) => ({
    label, scale: right ? 'right' : 'left', stroke: colour(`--p${n + 1}`), width: 1.75, spanGaps: false,
    points: { show: false }, value: (_, value) => format(value ?? undefined),
  }));
  const options = {
    width: root.clientWidth || 300, height: 176,
    legend: { markers: { width: 0, fill: (plot, n) => plot.series[n].stroke() } },
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    scales: { left: { range }, right: { range } },
    series: [{ value: (_, at) => (at ? clock(new Date(at * 1000)) : '-'), label: 'at', stroke: 'transparent' }, ...series],
    axes: [
      { stroke: colour('--quiet'), grid: { show: false }, ticks: { show: false }, font: '12px system-ui, sans-serif', size: 28, space: 70,
        values: (_, values) => values.map((at) => clock(new Date(at * 1000))) },
      axis('left', 3, format),
      ...(both ? [axis('right', 1, format)] : []),
    ],
  };
  return new uPlot(options, samples.plot(lines.map(({ name }) => name)), root);
}

class Plots {
  constructor(samples) {
    this.samples = samples;
    this.drawn = [];
    new ResizeObserver(() => this.fit()).observe($('overview'));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.redraw());
    this.redraw();
  }

  redraw() {
    this.drawn.forEach((plot) => plot.destroy());
    this.drawn = PLOTS.map((plot) => draw(plot, this.samples));
  }

  fit() {
    this.drawn.forEach((plot, n) => {
      const width = $(PLOTS[n].place).clientWidth;
      if (width > 0 && width !== plot.width) plot.setSize({ width, height: 176 });
    });
  }

  update() {
    this.drawn.forEach((plot, n) => {
      const data = this.samples.plot(PLOTS[n].lines.map(({ name }) => name));
      plot.setData(data);
      // Where nobody points, the legend tells of the present.
      if (plot.cursor.left < 0) plot.setLegend({ idx: data[0].length - 1 });
    });
  }
}
