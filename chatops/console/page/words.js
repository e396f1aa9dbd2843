import { age, ago, duration } from './time.js';

/** The words of the board. Pure: cells and operations as the server sends them, `now` in milliseconds. */

const counted = (count, word) => `${count} ${word}`;

/** Dots and their words, e.g. `1 of 6 unhealthy`. What is missing counts as well. */
export function instanceWords(cell) {
  const { instances, wanted } = cell;
  const of = (...states) => instances.filter(({ state }) => states.includes(state)).length;
  const missing = Math.max(
    0,
    wanted - instances.filter(({ state }) => state !== 'exited' && state !== 'draining').length,
  );
  const bad = of('unhealthy', 'exited', 'unknown');
  const starting = of('starting');
  const draining = of('draining');
  const total = Math.max(wanted, instances.length);
  if (bad > 0)
    return `${bad} of ${total} ${of('unknown') === bad ? 'not reached' : of('exited') === bad ? 'exited' : 'unhealthy'}`;
  if (starting > 0) return cell.running ? 'starting' : `${of('healthy')} of ${total} healthy`;
  if (draining > 0) return `${counted(of('healthy'), 'healthy')}, ${counted(draining, 'draining')}`;
  if (missing > 0 && cell.serving) return `${missing} of ${total} missing`;
  return counted(of('healthy'), 'healthy');
}

export const dotClass = (state) => ({ healthy: '', starting: 'w', draining: 'w' })[state] ?? 'x';

/** What the second line of a cell says, and in which tone. */
export function cellLine(cell, before, now) {
  const { running, last, serving, behind, drift } = cell;
  if (running) return { text: progressWords(running, now), tone: running.state === 'undoing' ? 'bad' : 'op' };
  if (last && (last.state === 'undone' || last.state === 'failed'))
    return { text: `${last.to} ${last.state} ${ago(last.finishedAt ?? last.requestedAt, now)}`, tone: 'bad' };
  if (behind > 0 && before)
    return { text: `${before} is ${behind} ${behind === 1 ? 'release' : 'releases'} ahead`, tone: 'ahead' };
  if (drift.length > 0)
    return { text: drift.length === 1 ? drift[0] : `${drift.length} things are not as planned`, tone: 'ahead' };
  return { text: serving && cell.servingSince ? age(cell.servingSince, now) : '', tone: '' };
}

/** `4 of 6, about 2 s left` */
export function progressWords(operation, now) {
  const { progress, state, phase } = operation;
  if (state === 'undoing') return phase ? `undoing: ${phase}` : 'undoing';
  if (progress.total === 0 || progress.done === 0) return phase || state;
  const left = timeLeft(operation, now);
  return `${progress.done} of ${progress.total}${left === undefined ? '' : `, about ${left} left`}`;
}

/** As long for each instance that is missing as for those that are there. */
export function timeLeft({ progress, requestedAt }, now) {
  const { done, total } = progress;
  if (done === 0 || done >= total) return undefined;
  const ms = ((now - Date.parse(requestedAt)) / done) * (total - done);
  return duration(Math.max(1000, Math.ceil(ms / 1000) * 1000)).replace('.0 s', ' s');
}

/** Steps of one name together, as shares of the whole: `{name, left, width, ms, running, detail}`. */
export function stepBars(operation, now) {
  const groups = new Map();
  const start = Date.parse(operation.requestedAt);
  const end = Math.max(start + 1, operation.finishedAt ? Date.parse(operation.finishedAt) : now);
  for (const step of operation.steps) {
    const from = Date.parse(step.startedAt);
    const to = step.finishedAt ? Date.parse(step.finishedAt) : end;
    const known = groups.get(step.name);
    groups.set(step.name, {
      name: step.name,
      from: Math.min(known?.from ?? from, from),
      to: Math.max(known?.to ?? to, to),
      running: known?.running || !step.finishedAt,
      details: [...(known?.details ?? []), step.detail].filter(Boolean),
    });
  }
  return [...groups.values()].map(({ name, from, to, running, details }) => ({
    name,
    left: (100 * (from - start)) / (end - start),
    width: (100 * (to - from)) / (end - start),
    ms: to - from,
    running: running && !operation.finishedAt,
    details,
  }));
}

/** One sentence about how an operation stands. */
export function outcome(operation) {
  const { kind, service, environment, to, from, state } = operation;
  const back = kind === 'rollback';
  if (state === 'done')
    return `${service} ${back ? 'is back on' : ''} ${to} ${back ? '' : 'serves'} in ${environment}.`.replace(
      / +/g,
      ' ',
    );
  if (state === 'undone') return `${to} was undone${from === undefined || from === null ? '' : `, ${from} serves`}.`;
  if (state === 'failed') return `${to} failed and could not be undone.`;
  return '';
}
