import { useEffect, useState } from 'preact/hooks';
import { PlaceFilters, usualEnvironment } from './filters.js';
import { html } from './html.js';
import { usePolled } from './poll.js';
import { boot } from './state.js';
import { absolute, exact } from './time.js';

const EVERY_MS = 3000;
const levels = [
  ['0', 'everything'],
  ['9', 'info and worse'],
  ['13', 'warnings and errors'],
  ['17', 'errors'],
];

export function Logs() {
  const [filter, setFilter] = useState(() => ({
    env: usualEnvironment(),
    service: '',
    text: '',
    severity: '9',
    ...given(),
  }));
  const change = (part) => setFilter((before) => ({ ...before, ...part }));
  useEffect(() => {
    if (!filter.env && boot.value) change({ env: usualEnvironment() });
  }, [boot.value]);
  const { value: found, problem } = usePolled(filter.env ? '/api/logs' : undefined, filter, EVERY_MS);
  return html`<div class="filters"><${PlaceFilters} ...${filter} onChange=${change} />
      <label>showing <select class="field" value=${filter.severity} onChange=${(event) => change({ severity: event.currentTarget.value })}>${levels.map(([value, label]) => html`<option value=${value}>${label}</option>`)}</select></label>
      <input class="field" type="search" placeholder="Words that all must stand in a line" aria-label="Search" value=${filter.text} onInput=${(event) => change({ text: event.currentTarget.value })} /></div>
    ${problem && html`<p class="error" role="alert">${problem}</p>`}
    ${found?.length === 0 && html`<p class="empty">No line is like that.</p>`}
    <div role="log" aria-live="off">${found?.map((log) => html`<${LogLine} log=${log} env=${filter.env} />`)}</div>`;
}

export function LogLine({ log, env }) {
  const tone = log.severityNumber >= 17 ? ' bad' : log.severityNumber >= 13 ? ' warn' : '';
  return html`<div class=${`log${tone}`}><span class="at" title=${absolute(log.at)}>${exact(log.at)}</span><span class="sev">${(log.severity ?? '').toLowerCase()}</span><span class="svcname" title=${log.release ? `release ${log.release}` : undefined}>${log.service}</span><span class="txt">${log.text}${env && log.traceId && html` <a href=${`#trace/${env}/${log.traceId}`}>trace</a>`}</span></div>`;
}

/** Where the page of a service sent us. */
function given() {
  const kept = sessionStorage.getItem('edwin.logs');
  sessionStorage.removeItem('edwin.logs');
  return kept ? JSON.parse(kept) : {};
}
