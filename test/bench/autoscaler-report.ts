import { plant } from '../../autoscaler/simulate/policy';
import { colors, picture, pictureStyle } from './autoscaler-picture';
import { comparisons, geometricMean, PROMISE, share, summaries } from './autoscaler-tables';
import { disturbances, type ScenarioAnswer, type TraceAnswer } from './autoscaler-tasks';

/** Lines that a picture shows at first; the others are one click away. */
const FIRST_SHOWN = new Set(['edwin', 'optimum', 'keda-queue']);
const number = (value: number): string => Math.round(value).toLocaleString('en-US');
const late = (slo: number): string => (slo < PROMISE ? ' class="broken"' : '');

/** The whole benchmark as one page without anything to load. */
export function report(traces: readonly TraceAnswer[], disturbed: readonly ScenarioAnswer[], seed: number): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Autoscaling: every policy beside the optimum</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}</style></head><body>
<h1>Autoscaling: every policy beside the optimum</h1>
<p>The same Poisson messages (seed ${seed}) for all; one setting for each policy on all load curves. A host does
${plant.hostRate} messages a second, boots ${Math.round((traces[0]?.bootSeconds ?? 600) / 60)} minutes and is paid for from its launch on. The promise: 99 % of messages begin
within ${plant.promiseSeconds} s. The optimum knows the future and keeps the promise at the least cost. A ratio counts only where the
promise is kept; where it is not, it is <span class="broken">struck out</span>.</p>
${overview(traces)}
${traces.map(section).join('\n')}
${disturbed.length > 0 ? disturbancesTable(disturbed) : ''}
<script>
for (const box of document.querySelectorAll('input')) {
  const show = () => { for (const line of document.getElementsByClassName('line ' + box.value)) line.style.display = box.checked ? '' : 'none'; };
  box.addEventListener('change', () => {
    for (const other of document.querySelectorAll('input[value="' + box.value + '"]')) other.checked = box.checked;
    show();
  });
  show();
}
</script></body></html>
`;
}

function overview(traces: readonly TraceAnswer[]): string {
  const head = traces.map(({ name }) => `<th>${name.replace(/_/g, ' ')}</th>`).join('');
  const rows = summaries(traces).map(({ policy, mean, worst, kept, nodeHours, launches }) => {
    const cells = traces.map(({ results }) => {
      const { ratio, slo } = results.find((result) => result.policy === policy)!;
      return `<td${late(slo)} title="${share(slo)} in time">${ratio.toFixed(2)}</td>`;
    });
    return `<tr><th>${swatch(policy)}${policy}</th>${cells.join('')}<td><b>${mean.toFixed(2)}</b></td><td>${worst.toFixed(2)}</td><td>${kept} of ${traces.length}</td><td>${number(nodeHours)}</td><td>${number(launches)}</td></tr>`;
  });
  return `<h2>Node-hours over the optimum’s</h2><div class="wide"><table><thead><tr><th></th>${head}<th>geometric mean</th><th>worst</th><th>promise kept</th><th>node-hours</th><th>launches</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>`;
}

function section({ name, days, results, hindsight, optimum, picture: data }: TraceAnswer): string {
  const rows = [...results, ...(hindsight ? [hindsight] : [])].map(
    (result) =>
      `<tr><th>${swatch(result.policy)}${result.policy}</th><td${late(result.slo)}>${result.ratio.toFixed(3)}</td><td>${share(result.slo)}</td><td>${number(result.nodeHours)}</td><td>${number(result.launches)}</td><td>${number(result.workerHours)}</td><td>${result.p99WaitSeconds.toFixed(1)} s</td><td>${number(result.maxQueueAgeSeconds)} s</td></tr>`,
  );
  const boxes = Object.keys(data.hosts).map(
    (policy) =>
      `<label><input type="checkbox" value="${policy}"${FIRST_SHOWN.has(policy) ? ' checked' : ''}>${swatch(policy)}${policy}</label>`,
  );
  return `<h2>${name.replace(/_/g, ' ')}</h2>
<p>Scored over ${days.toFixed(1)} days; below, the days around the highest load: hosts that the messages keep busy (grey), and hosts paid for.</p>
<div class="legend">${boxes.join('')}</div>
${picture(data)}
<div class="wide"><table><thead><tr><th></th><th>ratio</th><th>in time</th><th>node-hours</th><th>launches</th><th>worker-hours</th><th>99 % waited under</th><th>oldest message</th></tr></thead>
<tbody>${rows.join('\n')}
<tr><th>${swatch('optimum')}optimum</th><td>1</td><td>${share(optimum.slo)}</td><td>${number(optimum.nodeHours)}</td><td>${number(optimum.launches)}</td><td colspan="3" class="note">lower bound ${share(optimum.gap)} away; ${number(optimum.strictNodeHours)} without a late message</td></tr>
</tbody></table></div>`;
}

function disturbancesTable(answers: readonly ScenarioAnswer[]): string {
  const rows = Object.entries(disturbances).map(([scenario, { what }]) => {
    const found = comparisons(answers, scenario);
    if (found.length === 0)
      return `<tr><th>${what}</th><td colspan="6" class="note">no reactive peer keeps the promise</td></tr>`;
    const costs = found.map(({ cost }) => cost);
    const kept = found.filter(({ slo }) => slo >= PROMISE).length;
    const slower = found.filter(({ recovery, peerRecovery }) => (recovery ?? 0) > (peerRecovery ?? 0));
    const timed = found.some(({ recovery }) => recovery !== undefined);
    const longest = (key: 'recovery' | 'peerRecovery'): string =>
      timed ? `${Math.max(...found.map((one) => one[key] ?? 0))} s` : '';
    return `<tr><th>${what}</th><td>${found.length}</td><td>${kept}</td><td>${geometricMean(costs).toFixed(2)}</td><td>${Math.max(...costs).toFixed(2)}</td><td>${longest('recovery')}</td><td>${longest('peerRecovery')}${timed ? `, slower on ${slower.length}` : ''}</td></tr>`;
  });
  return `<h2>Disturbed</h2>
<p>The last four days of each load curve (fourteen where it is disturbed once). Beside edwin: the cheapest reactive peer (HPA, KEDA by queue or rate, AWS target tracking, nomad; at their single setting above or a cheaper one) that keeps
the promise in the same disturbance; load curves on which none does are left out.</p>
<div class="wide"><table><thead><tr><th></th><th>load curves with such a peer</th><th>edwin keeps the promise</th><th>cost beside the peer, mean</th><th>worst</th><th>promise back, at the latest</th><th>the peer’s</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>`;
}

const swatch = (policy: string): string => `<i style="background:${colors[policy] ?? '#888'}"></i>`;

const style = `
:root{--ink:#1b1f24;--paper:#fff;--soft:#5b6570;--rule:#dfe3e8;--load:#dde3ea;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--paper:#15181c;--soft:#9aa4af;--rule:#2c333b;--load:#2b333d;--bad:#ff8a80}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:1120px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.15rem;margin:2.2rem 0 .4rem}p{color:var(--soft);max-width:80ch;margin:.3rem 0 .8rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13.5px}
th,td{padding:.28rem .7rem;text-align:right;border-bottom:1px solid var(--rule)}
thead th{color:var(--soft);font-weight:500;vertical-align:bottom;font-size:12.5px}
tbody th{text-align:left;font-weight:500;white-space:nowrap}
td.broken,span.broken{text-decoration:line-through;color:var(--bad)}td.note{color:var(--soft)}
.wide{overflow-x:auto}svg{width:100%;height:auto;display:block;margin:.4rem 0 .8rem}
${pictureStyle}
.legend label{margin-right:1rem;white-space:nowrap;font-size:13.5px}.legend input{margin:0 .3rem 0 0;vertical-align:-1px}
i{display:inline-block;width:.75em;height:.75em;border-radius:2px;margin-right:.4em}
`;
