import { useEffect, useState } from 'preact/hooks';
import { PlaceFilters, usualEnvironment } from './filters.js';
import { html } from './html.js';
import { usePolled } from './poll.js';
import { boot, now } from './state.js';
import { absolute, age, duration } from './time.js';

const EVERY_MS = 5000;
let kept;

export function Traces() {
  const [filter, setFilter] = useState(kept ?? { env: usualEnvironment(), service: '', errors: '' });
  const change = (part) => setFilter((before) => ({ ...before, ...part }));
  kept = filter;
  useEffect(() => {
    if (!filter.env && boot.value) change({ env: usualEnvironment() });
  }, [boot.value]);
  const { value: found, problem } = usePolled(filter.env ? '/api/traces' : undefined, filter, EVERY_MS);
  const longest = Math.max(1, ...(found ?? []).map(({ durationMs }) => durationMs));
  return html`<div class="filters"><${PlaceFilters} ...${filter} onChange=${change} /><label><input type="checkbox" checked=${filter.errors === '1'} onChange=${(event) => change({ errors: event.currentTarget.checked ? '1' : '' })} /> only with errors</label></div>
    ${problem && html`<p class="error" role="alert">${problem}</p>`}
    ${found?.length === 0 && html`<p class="empty">No trace yet. A message in the Messenger makes one.</p>`}
    ${found?.map(
      (trace) => html`<a key=${trace.traceId} class="trace-row" href=${`#trace/${filter.env}/${trace.traceId}`}>
        <span class="when num" title=${absolute(trace.startedAt)}>${age(trace.startedAt, now.value)}</span>
        <span class="what"><span><b>${trace.service}</b> ${trace.name}${trace.errors > 0 && html`<span class="pill">${trace.errors} ${trace.errors === 1 ? 'error' : 'errors'}</span>`}</span><small>${trace.services.join(' → ')} · ${trace.spans} ${trace.spans === 1 ? 'span' : 'spans'}</small></span>
        <span class="len"><i class=${trace.errors > 0 ? 'x' : ''} style=${{ width: `${Math.max(1, (100 * trace.durationMs) / longest)}%` }}></i></span>
        <span class="took num">${duration(trace.durationMs)}</span>
      </a>`,
    )}`;
}
