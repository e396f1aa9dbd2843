import { useEffect, useRef } from 'preact/hooks';
import { html } from './html.js';

const meta = (name) => document.querySelector(`meta[name="${name}"]`).content;
let loading;

/** uPlot comes with the first chart, after the page has been painted. */
function load() {
  loading ??= new Promise((resolve, reject) => {
    const style = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: meta('chart-style') });
    const script = Object.assign(document.createElement('script'), {
      src: meta('chart'),
      onload: () => resolve(globalThis.uPlot),
      onerror: reject,
    });
    document.head.append(style, script);
  });
  return loading;
}

/**
 * One series over time; dashed lines mark operations. `onHover(index)` tells which point is under the pointer.
 * `tall` has axes and several series.
 */
export function Chart({ xs, series, colors, marks = [], tall = false, height = tall ? 120 : 46, label, onHover }) {
  const box = useRef();
  const chart = useRef();
  const shown = useRef();
  shown.current = { marks, onHover };
  useEffect(() => {
    let gone = false;
    let observer;
    load().then(
      (UPlot) => {
        if (gone || !box.current) return;
        chart.current = new UPlot(
          options({ colors, tall, height, width: box.current.clientWidth, shown }),
          [xs, ...series],
          box.current,
        );
        observer = new ResizeObserver(
          () => box.current && chart.current?.setSize({ width: box.current.clientWidth, height }),
        );
        observer.observe(box.current);
      },
      () => undefined,
    );
    return () => {
      gone = true;
      observer?.disconnect();
      chart.current?.destroy();
      chart.current = undefined;
    };
  }, [tall, colors.join()]);
  useEffect(() => chart.current?.setData([xs, ...series]), [xs, ...series]);
  return html`<div class=${`chart${tall ? ' tall' : ''}`} ref=${box} role="img" aria-label=${label}></div>`;
}

function options({ colors, tall, height, width, shown }) {
  const css = getComputedStyle(document.documentElement);
  const color = (name) => css.getPropertyValue(`--${name}`).trim();
  const axis = {
    stroke: color('faint'),
    grid: { stroke: color('line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui',
    size: 34,
  };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    padding: tall ? [8, 4, 0, 0] : [3, 1, 2, 1],
    scales: {
      x: { time: true },
      y: { range: (_chart, _least, most) => [0, Math.max(most * 1.15, most === 0 || most === null ? 1 : most)] },
    },
    axes: tall
      ? [
          {
            ...axis,
            size: 22,
            space: 90,
            values: (_chart, ticks) => ticks.map((tick) => new Date(tick * 1000).toTimeString().slice(0, 5)),
          },
          axis,
        ]
      : [{ show: false }, { show: false }],
    series: [
      {},
      ...colors.map((name) => ({ stroke: color(name), width: 1.6, points: { show: false }, spanGaps: true })),
    ],
    hooks: {
      draw: [(chart) => drawMarks(chart, shown.current.marks, color('faint'))],
      setCursor: [(chart) => shown.current.onHover?.(chart.cursor.left >= 0 ? chart.cursor.idx : undefined)],
    },
  };
}

function drawMarks(chart, marks, color) {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.strokeStyle = color;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const { at } of marks) {
    const x = Math.round(chart.valToPos(Date.parse(at) / 1000, 'x', true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}
