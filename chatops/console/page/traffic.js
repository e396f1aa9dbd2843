import { useState } from 'preact/hooks';
import { Chart } from './chart.js';
import { html } from './html.js';
import { usePolled } from './poll.js';
import { cells, current } from './state.js';
import { clock } from './time.js';

const EVERY_MS = 15_000;

/** Charts of the service in question: that of the operation above, else the first that is deployed. */
export function Traffic() {
  const serving = Object.values(cells.value ?? {}).find(({ serving: release }) => release);
  const { environment, service } = current.value ?? serving ?? {};
  return service
    ? html`<${Rates} key=${`${environment}/${service}`} environment=${environment} service=${service} />`
    : null;
}

export function Rates({ environment, service, title = 'Traffic, last 15 minutes', tall = false }) {
  const { value: rates } = usePolled(
    `/api/rates/${encodeURIComponent(environment)}/${encodeURIComponent(service)}`,
    {},
    EVERY_MS,
    cells.value?.[`${environment}/${service}`]?.last?.id,
  );
  const kind = cells.value?.[`${environment}/${service}`]?.kind;
  const [hover, setHover] = useState(undefined);
  if (!rates)
    return html`<section class="card" aria-busy="true"><h3>${title}</h3><div class="trio"><div class="chart"></div></div></section>`;
  const { points, marks } = rates;
  const xs = points.map(({ at }) => at / 1000);
  const counts = points.map(({ count }) => count);
  const shares = points.map(({ count, errors }) => (count > 0 ? (100 * errors) / count : 0));
  const slow = points.map(({ p95Ms }) => p95Ms);
  const quiet = counts.every((count) => count === 0);
  const at = hover ?? newest(counts);
  const ms = slow[at];
  const panels = [
    [
      `${kind === 'http' ? 'Requests' : 'Messages'} a second`,
      counts,
      'accent',
      (counts[at] ?? 0).toFixed(counts[at] >= 100 ? 0 : 1),
    ],
    ['Failed', shares, 'bad', `${(shares[at] ?? 0).toFixed(2)} %`],
    [
      '95 % answered in',
      slow,
      'good',
      ms === null || ms === undefined
        ? '–'
        : ms >= 1000
          ? `${(ms / 1000).toFixed(1)} s`
          : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`,
    ],
  ];
  return html`<section class="card">
    <h3>${title} <small>${hover === undefined ? `${environment} · ${service}` : clock(points[hover]?.at ?? Date.now(), Date.now())}</small></h3>
    <div class="trio">${panels.map(
      ([name, values, color, value]) =>
        html`<div><h4>${name}</h4><b>${value}</b><${Chart} xs=${xs} series=${[values]} colors=${[color]} marks=${marks} tall=${tall} label=${`${name}, last 15 minutes, now ${value}`} onHover=${setHover} /></div>`,
    )}</div>
    <div class="ctx">${quiet ? 'Nothing was measured in these 15 minutes.' : ''} ${marks.length > 0 ? 'Dashed: deployments and rollbacks' : ''}</div>
  </section>`;
}

/** The last step in which something happened, or simply the last one. */
function newest(counts) {
  const found = counts.findLastIndex((count) => count > 0);
  return found < counts.length - 2 ? counts.length - 1 : found;
}
