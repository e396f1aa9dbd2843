import type { Instance, InstanceEvent, InstanceExit } from './hosts';

/**
 * What a host last said of its instances, for the time when it can not be asked, and what of it was told to those who
 * watch. Answers may come in another order than they were asked for: each carries a mark from when it was asked.
 */
export class Memory {
  private readonly tell: (event: InstanceEvent) => void;
  private readonly known = new Map<string, { readonly instance: Instance; readonly mark: number }>();
  private readonly told = new Map<string, { readonly instance: Instance; readonly mark: number }>();
  private clock = 0;
  private compared = false;

  constructor(tell: (event: InstanceEvent) => void) {
    this.tell = tell;
  }

  /** To be taken before the host is asked for its list. */
  mark(): number {
    this.clock += 1;
    return this.clock;
  }

  get(id: string): Instance | undefined {
    return this.known.get(id)?.instance;
  }

  /** While the host is away: what exited has exited, of the rest nobody knows. */
  unknown(): Instance[] {
    return [...this.known.values()].map(({ instance }) =>
      instance.state === 'exited' ? instance : { ...instance, state: 'unknown' },
    );
  }

  /** A whole list that was asked for at `since`. */
  replace(instances: readonly Instance[], since: number): void {
    for (const [id, { mark }] of this.known) if (mark < since) this.known.delete(id);
    for (const instance of instances)
      if (!this.known.has(instance.id)) this.known.set(instance.id, { instance, mark: since });
  }

  /** One instance, as it is now. */
  note(instance: Instance): void {
    const mark = this.mark();
    if (!isOlder(instance, this.known.get(instance.id)?.instance)) this.known.set(instance.id, { instance, mark });
    const before = this.told.get(instance.id)?.instance;
    if (isOlder(instance, before)) return;
    this.told.set(instance.id, { instance, mark });
    const again = before !== undefined && before.startedAt.getTime() !== instance.startedAt.getTime();
    if (before === undefined || again)
      this.tell({ kind: 'started', instance: { ...instance, state: 'running', exit: undefined } });
    if (instance.state === 'exited' && (before?.state !== 'exited' || again)) this.tell({ kind: 'exited', instance });
  }

  /**
   * A whole list, asked for at `since`, after a time in which nothing was told: tells the differences. The first one
   * is how things are, and no news.
   */
  compare(instances: readonly Instance[], since: number): void {
    const first = !this.compared;
    this.compared = true;
    const there = new Set(instances.map(({ id }) => id));
    for (const instance of instances) {
      if (first && !this.told.has(instance.id)) this.told.set(instance.id, { instance, mark: since });
      else this.note(instance);
    }
    for (const [id, { mark }] of this.told) if (!there.has(id) && mark < since) this.vanished(id, undefined);
  }

  /** It was removed before anybody saw how it ended. */
  vanished(id: string, code: number | undefined): void {
    const before = this.told.get(id)?.instance;
    this.forget(id);
    if (before === undefined || before.state === 'exited') return;
    const exit: InstanceExit = { code, signal: undefined, at: new Date() };
    this.tell({ kind: 'exited', instance: { ...before, state: 'exited', address: undefined, exit } });
  }

  forget(id: string): void {
    this.known.delete(id);
    this.told.delete(id);
  }
}

/** A start never follows its own end. */
function isOlder(instance: Instance, before: Instance | undefined): boolean {
  if (before === undefined) return false;
  const [now, then] = [instance.startedAt.getTime(), before.startedAt.getTime()];
  return now < then || (now === then && before.state === 'exited' && instance.state === 'running');
}
