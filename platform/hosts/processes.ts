import type { ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { EdwinError } from '../errors';
import type { Logger } from '../log';
import { identify, isRunning } from '../process';
import { groupMembers, processesWith, signal } from '../process-group';
import type { InstanceRecord, Records } from './records';

/** Name of the variable by which processes of an instance are known. */
export const MARK = 'EDWIN_MARK';

const LOOK_EVERY_MS = 15;
const KILL_LIMIT_MS = 10_000;

/** The processes behind the instances: whether they run, how they ended, and their end. */
export class Processes {
  private readonly records: Records;
  private readonly log: Logger;
  private readonly onExit: () => void;
  /** Children of this process; of others only the end is seen, not its code. */
  private readonly children = new Map<string, ChildProcess>();
  private readonly stopping = new Set<string>();

  constructor(records: Records, log: Logger, onExit: () => void) {
    this.records = records;
    this.log = log;
    this.onExit = onExit;
  }

  own(id: string, child: ChildProcess): void {
    child.unref();
    this.children.set(id, child);
    child.once('exit', (code, name) => {
      this.children.delete(id);
      this.ended(id, { ...(code !== null && { code }), ...(name !== null && { signal: name }) });
      this.onExit();
    });
  }

  /** Looks for the process of an instance whose starter died before it wrote it down. */
  adopt({ intent }: InstanceRecord): boolean {
    const processes = processesWith(MARK, intent.mark)
      .map(identify)
      .filter((identity) => identity !== undefined);
    // The first one leads the group; others are its children.
    const leader = processes.find(({ pid }) => groupMembers(pid).length > 0) ?? processes[0];
    if (leader) this.records.putStarted(intent.spec.id, { process: leader, at: new Date().toISOString() });
    return leader !== undefined;
  }

  state(id: string, record: InstanceRecord): 'running' | 'exited' {
    if (record.exit) return 'exited';
    if (this.children.has(id) || (record.started && isRunning(record.started.process))) return 'running';
    this.ended(id, {});
    return 'exited';
  }

  /** Resolves when the process and all that belong to it are gone. */
  async stop(id: string, record: InstanceRecord, graceMs: number): Promise<void> {
    const limit = Date.now() + graceMs;
    this.stopping.add(id);
    try {
      if (this.state(id, record) === 'running') signal(record.started!.process.pid, 'SIGTERM');
      while (this.runs(id, record) && Date.now() < limit) await pause(LOOK_EVERY_MS);
      if (!this.runs(id, record)) for (const pid of this.members(record)) signal(pid, 'SIGTERM');
      while (Date.now() < limit && this.members(record).length > 0) await pause(LOOK_EVERY_MS);
      await this.kill(id, record);
    } finally {
      this.stopping.delete(id);
    }
  }

  private async kill(id: string, record: InstanceRecord): Promise<void> {
    for (const limit = Date.now() + KILL_LIMIT_MS; ; await pause(LOOK_EVERY_MS)) {
      const members = this.members(record);
      if (members.length === 0 && !this.runs(id, record)) return;
      for (const pid of members) signal(pid, 'SIGKILL');
      if (Date.now() > limit) {
        throw new EdwinError(
          'hosts.unreachable',
          `${id} does not end: the system keeps processes ${members.join(', ')} although they were killed.`,
        );
      }
    }
  }

  private runs(id: string, record: InstanceRecord): boolean {
    return this.children.has(id) || this.state(id, this.records.read(id) ?? record) === 'running';
  }

  /** Processes of the instance that run: its group, as long as the number is its own, and all that carry its mark. */
  private members({ intent, started, exit }: InstanceRecord): number[] {
    const leader = started && identify(started.process.pid);
    const ownsGroup = started && !exit && (!leader || leader.start === started.process.start);
    const group = ownsGroup ? groupMembers(started.process.pid) : [];
    return [...new Set([...group, ...processesWith(MARK, intent.mark)])];
  }

  /** Writes the exit down and ends what the process left behind, as the end of a container would. */
  private ended(id: string, exit: { code?: number; signal?: string }): void {
    const record = this.records.read(id);
    if (!record || record.exit) return;
    if (!this.stopping.has(id)) for (const pid of this.members(record)) signal(pid, 'SIGKILL');
    this.records.putExit(id, { ...exit, at: new Date().toISOString() });
    this.log.info(
      { event: 'instance.exited', instance: id, ...record.intent.spec.labels, ...exit },
      `${id} has exited`,
    );
  }
}
