import { useEffect, useState } from 'preact/hooks';
import { get } from './api.js';
import { html } from './html.js';
import { LogLine } from './logs.js';
import { absolute, duration } from './time.js';
import { waterfall } from './waterfall.js';

/** One trace across all services, with its logs. Linked as `#trace/<env>/<id>`. */
export function Trace({ environment, id }) {
  const [trace, setTrace] = useState(undefined);
  const [problem, setProblem] = useState('');
  const [open, setOpen] = useState(undefined);
  const read = () =>
    get(`/api/traces/${encodeURIComponent(environment)}/${encodeURIComponent(id)}`).then(setTrace, (error) =>
      setProblem(error.message),
    );
  useEffect(() => void read(), [environment, id]);
  const { rows, services, start, total } = waterfall(trace?.spans ?? []);
  const colors = Object.fromEntries(services.map((name, index) => [name, `s${index % 8}`]));
  return html`<div class="title"><a class="back" href="#traces">← Traces</a><h1>Trace</h1><span class="mono">${id.slice(0, 12)}…</span>
      <span>${trace && rows.length > 0 ? `${duration(total)}, ${rows.length} ${rows.length === 1 ? 'span' : 'spans'}, ${environment}, ${absolute(start)}` : ''}</span></div>
    ${problem && html`<p class="error" role="alert">${problem}</p>`}
    ${trace && rows.length === 0 && trace.logs.length === 0 && html`<p class="empty">Nothing was recorded under this id yet. <button type="button" class="btn" onClick=${() => void read()}>Look again</button></p>`}
    <div class="legend">${services.map((name) => html`<span><i class=${colors[name]}></i>${name}</span>`)}</div>
    <div role="list" aria-label="Spans">${rows.map(
      ({ span, depth, left, width }) => html`<div role="listitem" key=${span.id}>
        <button type="button" class="span" aria-expanded=${open === span.id} onClick=${() => setOpen(open === span.id ? undefined : span.id)}>
          <span class="n" style=${{ paddingLeft: `${Math.min(depth, 14) * 12}px` }}><i class=${`mark ${colors[span.service]}`}></i>${span.name}<small>${span.service}${span.release ? ` ${span.release}` : ''}</small>${span.failed && html`<span class="pill">failed</span>`}</span>
          <span class="g"><i class=${`${colors[span.service]}${span.failed ? ' x' : ''}`} style=${{ left: `${Math.min(99.5, left)}%`, width: `${Math.max(0.3, width)}%` }}></i></span>
          <span class="d">${duration(span.durationMs)}</span>
        </button>
        ${open === span.id && html`<${Detail} span=${span} logs=${trace.logs.filter(({ spanId }) => spanId === span.id)} />`}
      </div>`,
    )}</div>
    ${trace?.logs.length > 0 && html`<section class="card"><h3>Log lines of this trace <small>${trace.logs.length}</small></h3>${trace.logs.map((log) => html`<${LogLine} log=${log} />`)}</section>`}`;
}

function Detail({ span, logs }) {
  const facts = { instance: span.instance, kind: span.kind, message: span.message, ...span.attributes };
  return html`<div class="detail"><dl>${Object.entries(facts)
    .filter(([name, value]) => value !== undefined && value !== '' && name !== 'timestamp.us')
    .map(
      ([name, value]) => html`<dt>${name}</dt><dd>${String(value)}</dd>`,
    )}</dl>${logs.map((log) => html`<${LogLine} log=${log} />`)}</div>`;
}
