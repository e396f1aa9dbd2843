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

/** One load curve and the fleets of all policies over it; each line has the class of its policy, styled by the page. */
export function picture(data: Picture): string {
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Hosts over time, in use and paid for">${drawing(data)}</svg>`;
}

/** The same as a file of its own, with some of the lines and a legend. */
export function standalonePicture(data: Picture, title: string, policies: readonly string[]): string {
  const hosts = Object.fromEntries(
    policies.flatMap((policy) => (data.hosts[policy] ? [[policy, data.hosts[policy]]] : [])),
  );
  const legend = ['in use', ...Object.keys(hosts)].map((name, i) => {
    const x = LEFT + 260 + 130 * i;
    const color = name === 'in use' ? 'var(--load)' : colors[name];
    return `<rect x="${x}" y="-15" width="12" height="${name === 'in use' ? 12 : 4}" fill="${color}"/><text x="${x + 18}" y="-5">${name}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -24 ${WIDTH} ${HEIGHT + 24}" font-family="system-ui, sans-serif" font-size="12.5">
<style>${standaloneStyle}</style><rect class="paper" y="-24" width="${WIDTH}" height="${HEIGHT + 24}"/>
<g class="legend"><text x="${LEFT}" y="-5" font-weight="600">${title}: hosts</text>${legend.join('')}</g>${drawing({ ...data, hosts })}</svg>
`;
}

/** Of the drawing, wherever it is. */
export const pictureStyle = `.grid line{stroke:var(--rule)}.grid text{fill:var(--soft);font-size:11.5px}
.load{fill:var(--load)}.line{fill:none;stroke-width:1.4;stroke-linejoin:round}
.line.edwin{stroke-width:2.2}.line.optimum{stroke-dasharray:4 3}`;

const standaloneStyle = `:root{--ink:#1b1f24;--paper:#fff;--soft:#5b6570;--rule:#dfe3e8;--load:#dde3ea}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--paper:#15181c;--soft:#9aa4af;--rule:#2c333b;--load:#2b333d}}
.paper{fill:var(--paper)}.legend text{fill:var(--ink)}${pictureStyle}`;

function drawing({ startMs, binMs, load, hosts }: Picture): string {
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
  return `<g class="grid">${grid.join('')}${times(startMs, binMs, load.length, x)}</g>
<polygon class="load" points="${area}"/>
${lines.join('\n')}`;
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
