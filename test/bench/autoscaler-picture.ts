import type { Picture } from './autoscaler-tasks';

/** Colours that people with any colour sight tell apart (Okabe and Ito); ours is the strongest. */
export const colors: Readonly<Record<string, string>> = {
  edwin: '#0072b2',
  optimum: 'var(--ink)',
  hpa: '#cc79a7',
  'keda-queue': '#e69f00',
  'keda-rate': '#d55e00',
  'keda-cron': '#b8860b',
  'aws-target': '#009e73',
  'aws-predictive': '#56b4e9',
  nomad: '#8a6fb0',
  static: '#999999',
};

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [1080, 300, 34, 24, 8];

/** One load curve and the fleets of all policies over it; each line has the class of its policy. */
export function picture({ startMs, binMs, load, hosts }: Picture): string {
  const shown = Object.entries(hosts).filter(([policy]) => policy !== 'static' && policy !== 'optimum');
  const most = Math.max(8, ...load, ...shown.flatMap(([, values]) => values));
  const step = [1, 2, 4, 8, 10, 16, 20].find((candidate) => most / candidate <= 6) ?? 20;
  const high = Math.ceil(most / step) * step;
  const x = (bin: number): string => (LEFT + ((WIDTH - LEFT) * bin) / load.length).toFixed(1);
  const y = (value: number): string => (TOP + (HEIGHT - TOP - BOTTOM) * (1 - Math.min(value, high) / high)).toFixed(1);
  const line = (values: readonly number[]): string =>
    values.map((value, bin) => `${x(bin + 0.5)},${y(value)}`).join(' ');
  const grid = Array.from({ length: high / step + 1 }, (_, i) => i * step).map(
    (value) =>
      `<line x1="${LEFT}" x2="${WIDTH}" y1="${y(value)}" y2="${y(value)}"/><text x="${LEFT - 6}" y="${y(value)}" dy="4" text-anchor="end">${value}</text>`,
  );
  const area = `${x(0)},${y(0)} ${line(load)} ${x(load.length)},${y(0)}`;
  const lines = Object.entries(hosts)
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(
      ([policy, values]) => `<polyline class="line ${policy}" stroke="${colors[policy]}" points="${line(values)}"/>`,
    );
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Hosts over time, in use and paid for">
<g class="grid">${grid.join('')}${times(startMs, binMs, load.length, x)}</g>
<polygon class="load" points="${area}"/>
${lines.join('\n')}
</svg>`;
}

/** What must not be hidden is drawn last. */
const rank = (policy: string): number => ['optimum', 'edwin'].indexOf(policy);

function times(startMs: number, binMs: number, bins: number, x: (bin: number) => string): string {
  const every = bins * binMs > 2.5 * 86_400_000 ? 12 : 6;
  const first = Math.ceil(startMs / (every * 3_600_000)) * every * 3_600_000;
  const marks: string[] = [];
  for (let at = first; at < startMs + bins * binMs; at += every * 3_600_000) {
    const date = new Date(at);
    const midnight = date.getUTCHours() === 0;
    const text = midnight
      ? date.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' })
      : `${date.getUTCHours()}:00`;
    const at_ = x((at - startMs) / binMs);
    marks.push(
      `<line class="time" x1="${at_}" x2="${at_}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/><text x="${at_}" y="${HEIGHT - 8}" text-anchor="middle">${text}</text>`,
    );
  }
  return marks.join('');
}
