/**
 * The steps of an operation, in order. Each is journaled before it acts and after; each may be repeated at any time
 * and then only does what is still missing, so that whoever takes over begins with the first that is not done.
 *
 *     prepare ─► start ─► healthy ─► shift ─► drain ─► stop ─► verify ─► done
 *        └─────────┴────────┴──────────┴────────┴───────┴────────┘
 *                 never healthy: restore ─► withdraw ─► halt ─► sweep ─► undone
 */
export type StepName =
  | 'prepare'
  | 'start'
  | 'healthy'
  | 'shift'
  | 'drain'
  | 'stop'
  | 'verify'
  | 'restore'
  | 'withdraw'
  | 'halt'
  | 'sweep';

export interface Step {
  readonly name: StepName;
  /** Its place in the journal; those of an undo follow at 101. */
  readonly position: number;
  /** What it does, as words. */
  readonly phase: string;
  /** It acts on several things one after the other, so that a crash may fall between them. */
  readonly divisible: boolean;
}

export interface PlanInput {
  readonly kind: 'http' | 'worker';
  readonly from: number | undefined;
  readonly to: number;
  readonly wanted: number;
}

const UNDO = 100;
/** A place that stays empty: operations that an older Edwin left under way have a step of their own there. */
const FREE = undefined;

export function forwardSteps({ kind, from, to, wanted }: PlanInput): Step[] {
  const http = kind === 'http';
  const instances = count(wanted, 'instance');
  const replaces = from !== undefined;
  return numbered(0, [
    step('prepare', `choosing hosts and preparing the image of release ${to}`, wanted > 1),
    step('start', `starting ${instances} of release ${to}`, wanted > 1),
    step('healthy', `waiting until release ${to} is healthy`),
    FREE,
    step('shift', http ? `shifting traffic to release ${to}` : `handing the work to release ${to}`, true),
    ...(http && replaces ? [step('drain', `draining release ${from}`)] : []),
    ...(replaces ? [step('stop', `stopping release ${from}`, wanted > 1)] : []),
    FREE,
    step('verify', `checking that all of release ${to} is well`, replaces),
  ]);
}

export function undoSteps({ kind, from, to }: PlanInput): Step[] {
  return numbered(UNDO, [
    ...(from === undefined ? [] : [step('restore', `making sure that release ${from} serves`, true)]),
    ...(kind === 'http' ? [step('withdraw', `taking release ${to} out of traffic`)] : []),
    step('halt', `stopping release ${to}`, true),
    step('sweep', `removing release ${to}`, true),
  ]);
}

function step(name: StepName, phase: string, divisible = false): Omit<Step, 'position'> {
  return { name, phase, divisible };
}

function numbered(offset: number, steps: readonly (Omit<Step, 'position'> | undefined)[]): Step[] {
  return steps.flatMap((each, index) => (each ? [{ ...each, position: offset + index + 1 }] : []));
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
