import { setMaxListeners } from 'node:events';
import { EdwinError } from '../errors';
import { together } from '../together';
import { parseMap, parseSessions, parseSlots, parseWorkers, type Workers } from './haproxy-answers';
import { command, type MasterAddress, NoAnswer } from './haproxy-cli';
import type { Slot } from './haproxy-config';

/** What HAProxy is asked and told, by way of its master process. */
export class Master {
  readonly folder: string;
  private readonly address: MasterAddress;
  private readonly closed: AbortSignal;
  /** For what changes nothing. */
  private readonly look = together((line: string) => this.ask(line));

  constructor(address: MasterAddress, folder: string, closed: AbortSignal) {
    this.address = address;
    this.folder = folder;
    this.closed = closed;
    // As many as commands under way.
    setMaxListeners(0, closed);
  }

  get shown(): string {
    return this.address.shown;
  }

  async workers(): Promise<Workers> {
    const workers = parseWorkers(await this.look('show proc'));
    if (!workers) throw new NoAnswer('no worker runs');
    return workers;
  }

  /** What is known of the pools: key → value of `pools.map`. */
  async entries(): Promise<Map<string, string>> {
    return parseMap(this.understood(await this.look(`@1 show map ${this.map}`)));
  }

  async slots(): Promise<Slot[]> {
    return parseSlots(await this.look('@1 show servers state'));
  }

  /** Undefined when the worker has no such slot. */
  async slot(name: string, worker = '@1'): Promise<Slot | undefined> {
    return parseSlots(await this.look(`${worker} show servers state ${name}`))[0];
  }

  /** Requests at each server of the slot, in all processes. */
  async sessions(name: string, { old }: Workers): Promise<Map<string, number>> {
    const answers = [
      this.look(`@1 show stat ${name} 4 -1`),
      ...old.map((pid) => this.look(`@!${pid} show stat ${name} 4 -1`).catch(() => '')),
    ];
    const total = new Map<string, number>();
    for (const answer of await Promise.all(answers))
      for (const [id, count] of parseSessions(answer)) total.set(id, (total.get(id) ?? 0) + count);
    return total;
  }

  /**
   * Tells the worker that serves; those before it send what is new to it, too (haproxy/edge.cfg), and need no word. Each
   * of several commands is carried out whatever the one before it answered; gives all answers, one after the other.
   */
  async tell(...lines: readonly string[]): Promise<string> {
    return this.understood(await this.ask(lines.map((line) => `@1 ${line}`).join(';')));
  }

  get map(): string {
    return `${this.folder}/pools.map`;
  }

  async ask(line: string): Promise<string> {
    const answer = await command(this.address, line, this.closed);
    if (answer.startsWith("Can't connect to the target CLI")) throw new NoAnswer('the worker does not answer');
    return answer;
  }

  private understood(answer: string): string {
    if (answer.startsWith('Unknown map'))
      throw new EdwinError(
        'config.invalid',
        `HAProxy at ${this.shown} knows no ${this.map}: its EDGE_POOLS is not the folder that ?config= names.`,
      );
    if (answer.startsWith('Permission denied') || answer.startsWith('Unknown command'))
      throw new EdwinError('edge.refused', `HAProxy at ${this.shown} does not let itself be told: ${answer}`);
    return answer;
  }
}
