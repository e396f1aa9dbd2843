import { useState } from 'preact/hooks';
import { html } from './html.js';
import { usePolled } from './poll.js';
import { boot, cells, now, propose } from './state.js';
import { absolute, age, ago, duration, exact } from './time.js';
import { Rates } from './traffic.js';
import { cellLine, dotClass } from './words.js';

const EVERY_MS = 5000;

/** One service in one environment: instances, operations, log tail, charts, and the commands a person would type. */
export function Service({ environment, service }) {
  const cell = cells.value?.[`${environment}/${service}`];
  const { value: detail, problem } = usePolled(
    `/api/service/${encodeURIComponent(environment)}/${encodeURIComponent(service)}`,
    {},
    EVERY_MS,
    `${cell?.last?.id} ${cell?.running?.state} ${cell?.instances.map(({ state }) => state)}`,
  );
  const back = () => {
    location.hash = 'board';
  };
  const before = boot.value?.environments[boot.value.environments.indexOf(environment) - 1];
  return html`
    <div class="title"><button type="button" class="back" onClick=${back}>← Board</button><h1>${service} in ${environment}</h1>
      <span>${cell?.serving ? `release ${cell.serving.number}` : 'not deployed'}${cell && html`, ${cellLine(cell, before, now.value).text}`}</span></div>
    ${problem && html`<p class="error" role="alert">${problem}</p>`}
    ${cell?.serving && html`<p class="ctx">“${cell.serving.subject}” by ${cell.serving.author} <${Hash} commit=${cell.serving.commit} /></p>`}
    ${cell?.drift.map((sentence) => html`<p class="ctx">${sentence}</p>`)}
    <${Commands} environment=${environment} service=${service} cell=${cell} releases=${detail?.releases ?? []} />
    ${cell && html`<${Instances} cell=${cell} />`}
    <${Rates} environment=${environment} service=${service} />
    ${detail && html`<${Operations} operations=${detail.operations} />`}
    ${
      detail &&
      html`<section class="card"><h3>Log <small>last ${detail.lines.length} lines · <a href=${`#logs`} onClick=${() => sessionStorage.setItem('edwin.logs', JSON.stringify({ env: environment, service }))}>search</a></small></h3>
      ${detail.lines.length === 0 ? html`<p class="ctx">No instance has written anything.</p>` : html`<pre class="tail" tabindex="0">${detail.lines.map(({ line, at }) => `${at ? `${exact(at)}  ` : ''}${line}\n`)}</pre>`}</section>`
    }`;
}

function Commands({ environment, service, cell, releases }) {
  const newer = releases.filter(({ number }) => number !== cell?.serving?.number).slice(0, 1);
  const commands = [
    [`/deploy ${service} ${environment}`, 'Deploy'],
    ...newer.map(({ number }) => [`/deploy ${service} ${environment} ${number}`, `Deploy ${number}`]),
    ...(cell?.serving ? [[`/rollback ${service} ${environment}`, 'Roll back']] : []),
    [`/history ${service} ${environment}`, 'History'],
    [`/logs ${service} ${environment}`, 'Logs'],
  ];
  return html`<div class="btns">${commands.map(([text, label]) => html`<button type="button" class=${`btn${label === 'Roll back' ? ' danger' : ''}`} title=${`Puts “${text}” into the composer`} onClick=${() => propose(text)}>${label}</button>`)}</div>`;
}

function Instances({ cell }) {
  if (cell.instances.length === 0)
    return html`<section class="card"><h3>Instances <small>${cell.wanted} wanted</small></h3><p class="ctx">None.</p></section>`;
  return html`<section class="card"><h3>Instances <small>${cell.wanted} wanted</small></h3><table class="rows">
    <thead><tr><th scope="col">State</th><th scope="col">Instance</th><th scope="col">Release</th><th scope="col">Host</th><th scope="col">Age</th></tr></thead>
    <tbody>${cell.instances.map(({ id, state, note, release, host, startedAt }) => html`<tr key=${id}><td class="state"><i class=${dotClass(state)}></i>${state}</td><td class="mono">${id}${note && html`<div class="ctx">${note}</div>`}</td><td class="num">${release}</td><td>${host}</td><td class="num" title=${absolute(startedAt)}>${age(startedAt, now.value)}</td></tr>`)}</tbody>
  </table></section>`;
}

function Operations({ operations }) {
  if (operations.length === 0)
    return html`<section class="card"><h3>Operations</h3><p class="ctx">None yet.</p></section>`;
  return html`<section class="card"><h3>Operations</h3><table class="rows">
    <thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col">Result</th><th scope="col" class="wide">By</th><th scope="col">Took</th></tr></thead>
    <tbody>${operations.map((one) => html`<tr key=${one.id}><td title=${absolute(one.requestedAt)}>${ago(one.requestedAt, now.value)}</td><td>${one.kind} ${one.from ?? '–'} → ${one.to}</td><td><span class=${/undone|failed|undoing/.test(one.state) ? 'error' : ''}>${one.state}</span>${one.reason && html`<div class="ctx">${one.reason}</div>`}</td><td class="wide">${one.requestedBy}</td><td class="num">${one.finishedAt ? duration(Date.parse(one.finishedAt) - Date.parse(one.requestedAt)) : ''} ${one.traceId && html`<a href=${`#trace/${boot.value.ownEnvironment}/${one.traceId}`}>trace</a>`}</td></tr>`)}</tbody>
  </table></section>`;
}

/** Seven characters of a commit; a click copies all forty. */
export function Hash({ commit }) {
  const [copied, setCopied] = useState(false);
  const copy = () =>
    navigator.clipboard?.writeText(commit).then(
      () => setCopied(true),
      () => undefined,
    );
  return html`<button type="button" class="hash" title=${copied ? 'Copied' : `Copy ${commit}`} onClick=${copy}>${commit.slice(0, 7)}${copied ? ' ✓' : ''}</button>`;
}
