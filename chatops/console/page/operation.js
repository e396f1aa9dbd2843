import { html } from './html.js';
import { boot, current, directory, now } from './state.js';
import { absolute, ago, duration } from './time.js';
import { outcome, progressWords, stepBars } from './words.js';

/** The operation that runs, else the one that ran last: its steps on one line of time. */
export function CurrentOperation() {
  const operation = current.value;
  return operation ? html`<${OperationCard} operation=${operation} />` : null;
}

export function OperationCard({ operation }) {
  const { service, environment, kind, id, requestedBy, requestedAt, finishedAt, state, reason, traceId } = operation;
  const bars = stepBars(operation, now.value);
  const bad = state === 'undone' || state === 'failed' || state === 'undoing';
  return html`<section class="card" aria-label=${`${kind} ${id}`}>
    <h3>${service} in ${environment} <small title=${absolute(requestedAt)}>${kind} ${id} by ${requestedBy}${from(operation)}, ${ago(requestedAt, now.value)}</small></h3>
    <div class="steps">${bars
      .slice(-9)
      .map(
        ({ name, left, width, ms, running, details }) =>
          html`<span class="t" title=${details.join('\n') || name}>${name}</span><span class="g"><i class=${running ? 'n' : bad && /undo|undone|fail/.test(name) ? 'x' : ''} style=${{ left: `${left}%`, width: `${Math.max(0.5, width)}%` }}></i></span><span class="d">${duration(ms)}</span>`,
      )}</div>
    <p class=${`sum${bad ? ' bad' : ''}`}>${finishedAt ? `${outcome(operation)} Took ${duration(Date.parse(finishedAt) - Date.parse(requestedAt))}.` : progressWords(operation, now.value)}${reason ? ` ${reason}` : ''}
      ${traceId && html` <a href=${`#trace/${boot.value.ownEnvironment}/${traceId}`}>Trace</a>`}</p>
  </section>`;
}

function from({ origin }) {
  const channel = directory.value.channels.find(({ id }) => id === origin?.channel);
  return channel?.kind === 'channel' ? `, from # ${channel.name}` : '';
}
