import { plant, type SimulatedPolicy, type Start } from '../policy';
import { type Metric, PodsAndNodes } from './hpa';
import { externalReplicas } from './replicas';

/** KEDA's triggers are external metrics of HPA; a trigger that fails without `fallback` is left out by it. */
const external =
  (value: (observation: Parameters<Metric>[0]) => number, target: number): Metric =>
  (observation) =>
    observation.missing ? undefined : externalReplicas(value(observation), target, observation.instances.wanted);

/** `mode: QueueLength` over HTTP: ready and unacknowledged messages. */
const queueLength = (target: number): Metric => external(({ ready, unacknowledged }) => ready + unacknowledged, target);

/** `mode: MessageRate`: what is published in a second. */
const messageRate = (target: number): Metric => external(({ arrivalRate }) => arrivalRate, target);

/**
 * The single settings below are the cheapest that keep the promise on every public trace on which any setting does,
 * found by `node dist/test/bench/autoscaler-sweep.js keda-queue 1,2,3,3.2,3.4,3.5,3.6,4,5,5.5,6,7` (and so for the
 * others; 3.6 is on the edge). Out of the box a worker is meant for 20 messages.
 */
const MESSAGES = 3.5;

export function kedaQueue(messages = MESSAGES): SimulatedPolicy {
  return new PodsAndNodes('keda-queue', [queueLength(messages)]);
}

/** Publish rate, and the queue, at its default, for what has piled up. */
export function kedaRate(perSecond = MESSAGES, messages = 20): SimulatedPolicy {
  return new PodsAndNodes('keda-rate', [messageRate(perSecond), queueLength(messages)]);
}

/** A floor within the busy hours of a day, as an operator would read them off the history, and the queue. */
export function kedaCron(messages = MESSAGES): SimulatedPolicy {
  let window: BusyHours | undefined;
  const floor: Metric = (_observation, now) => (window ? cronReplicas(window, now) : undefined);
  return new PodsAndNodes('keda-cron', [floor, queueLength(messages)], (start) => {
    window = busyHours(start, messages);
  });
}

/** Hours of the day, UTC; `end` is not within. */
export interface BusyHours {
  readonly start: number;
  readonly end: number;
  readonly replicas: number;
}

/** `cron_scaler.go`: the desired replicas within [start, end), one otherwise; a floor, since HPA takes the most. */
export function cronReplicas({ start, end, replicas }: BusyHours, now: number): number {
  const hour = (now / 3_600_000) % 24;
  const within = start <= end ? hour >= start && hour < end : hour >= start || hour < end;
  return within ? replicas : 1;
}

/** The hours in which more comes than on average, around the clock; begun early by a boot. No history: none. */
export function busyHours({ minutes, bootSeconds }: Start, messages: number): BusyHours | undefined {
  const sums = new Float64Array(24);
  const counted = new Float64Array(24);
  minutes.counts.forEach((count, minute) => {
    if (Number.isNaN(count)) return;
    const hour = new Date(minutes.startMs + minute * 60_000).getUTCHours();
    sums[hour]! += count;
    counted[hour]! += 1;
  });
  if (counted.some((count) => count === 0)) return undefined;
  const rates = sums.map((sum, hour) => sum / counted[hour]! / 60);
  const mean = rates.reduce((a, b) => a + b, 0) / 24;
  const busy = [...rates.keys()].filter((hour) => rates[hour]! > mean);
  if (busy.length === 0) return undefined;
  const quietest = rates.indexOf(Math.min(...rates));
  const after = busy.map((hour) => (hour - quietest + 24) % 24).sort((a, b) => a - b);
  const start = (quietest + after[0]! - bootSeconds / 3600 + 24) % 24;
  const end = (quietest + after.at(-1)! + 1) % 24;
  const within = busy.reduce((sum, hour) => sum + rates[hour]!, 0) / busy.length;
  // A worker in this many messages' work at a time finishes as many in a second.
  return { start, end, replicas: Math.min(256, Math.ceil(within / Math.min(messages, plant.workerRate))) };
}
