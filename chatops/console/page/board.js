import { useRef, useState } from 'preact/hooks';
import { html } from './html.js';
import { CurrentOperation } from './operation.js';
import { boot, cells, now } from './state.js';
import { absolute } from './time.js';
import { Traffic } from './traffic.js';
import { cellLine, dotClass, instanceWords } from './words.js';

/** Environments × services. One tab stop; arrows move, Enter opens. */
export function Board() {
  const { environments = [], services = [] } = boot.value ?? {};
  const [at, setAt] = useState([0, 0]);
  const grid = useRef();
  const known = cells.value;
  const columns = { '--columns': environments.length || 3 };
  const move = (event) => {
    const steps = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
    const step = steps[event.key] ?? { Home: [0, -99], End: [0, 99] }[event.key];
    if (!step) return;
    event.preventDefault();
    const row = Math.min(services.length - 1, Math.max(0, at[0] + step[0]));
    const column = Math.min(environments.length - 1, Math.max(0, at[1] + step[1]));
    setAt([row, column]);
    grid.current.querySelector(`[data-at="${row}/${column}"]`)?.focus();
  };
  return html`
    <div class="board" role="grid" aria-label="What runs where" ref=${grid} style=${columns} onKeyDown=${move} aria-busy=${known === undefined}>
      <div role="row"><div class="corner" role="columnheader"><span class="sr">Service</span></div>${environments.map((name) => html`<div class="eh" role="columnheader">${name} <small>${hosts(known, name)}</small></div>`)}</div>
      ${services.map(
        (service, row) => html`<div role="row" key=${service}>
          <div class="svc" role="rowheader">${service}<small>${kindOf(known, service)}</small></div>
          ${environments.map((environment, column) => {
            const cell = known?.[`${environment}/${service}`];
            const place = `${row}/${column}`;
            return html`<div role="gridcell" key=${environment}>${cell ? html`<${Cell} cell=${cell} before=${environments[column - 1]} place=${place} focusable=${at[0] === row && at[1] === column} onFocus=${() => setAt([row, column])} />` : html`<div class="skeleton"></div>`}</div>`;
          })}
        </div>`,
      )}
    </div>
    <${CurrentOperation} />
    <${Traffic} />`;
}

function Cell({ cell, before, place, focusable, onFocus }) {
  const { serving, running, last, environment, service } = cell;
  const open = () => {
    location.hash = `service/${environment}/${service}`;
  };
  const common = { type: 'button', 'data-at': place, tabindex: focusable ? 0 : -1, onFocus, onClick: open };
  if (!serving && !running && !(last && last.state !== 'done'))
    return html`<button ...${common} class="cell none" aria-label=${`${service} in ${environment}: not deployed`}>not deployed</button>`;
  const line = cellLine(cell, before, now.value);
  const fail = line.tone === 'bad';
  const width = running
    ? running.progress.total > 0
      ? Math.max(6, (100 * running.progress.done) / running.progress.total)
      : 6
    : 100;
  const absent = Math.max(0, Math.min(12, cell.wanted - cell.instances.length));
  const words = instanceWords(cell);
  const title = [
    serving && `release ${serving.number}, ${serving.commit.slice(0, 7)}: ${serving.subject}`,
    cell.servingSince && `since ${absolute(cell.servingSince)}`,
    ...cell.drift,
  ]
    .filter(Boolean)
    .join('\n');
  const release =
    running && running.to !== serving?.number
      ? `${serving?.number ?? 'nothing'} → ${running.to}`
      : (serving?.number ?? '–');
  return html`<button ...${common} class="cell" title=${title} aria-label=${`${service} in ${environment}: release ${release}, ${line.text}, ${words}`}>
    ${(running || fail) && html`<i class=${`progress${fail ? ' bad' : ''}`} style=${{ width: `${fail && !running ? 100 : width}%` }}></i>`}
    <div class="rel num">${release} ${serving && !running && html`<small>${serving.commit.slice(0, 7)}</small>`}</div>
    <div class=${`line num ${line.tone}`}>${line.text || ' '}</div>
    <div class=${`dots${cell.instances.length > 8 ? ' many' : ''}`}>${cell.instances.slice(0, 12).map(({ id, state }) => html`<i key=${id} class=${dotClass(state)}></i>`)}${Array.from({ length: running ? 0 : absent }, () => html`<i class="m"></i>`)}<span>${words}</span></div>
  </button>`;
}

function hosts(known, environment) {
  const names = new Set(
    Object.values(known ?? {})
      .filter((cell) => cell.environment === environment)
      .flatMap(({ instances }) => instances.map(({ host }) => host)),
  );
  return names.size === 0 ? '' : `${names.size} ${names.size === 1 ? 'host' : 'hosts'}`;
}

function kindOf(known, service) {
  return Object.values(known ?? {}).find((cell) => cell.service === service)?.kind ?? '';
}
