import { setTimeout as pause } from 'node:timers/promises';
import { EdwinError, explain } from '../errors';
import type { Instance } from '../hosts/hosts';
import { chooseHosts } from './choose-hosts';
import type { Release } from './fleet';
import { admit, exitSentence, forget, register, startInstance, untilHealthy } from './instances';
import { LISTED_MS } from './listing';
import { instanceId, instancesOf, NeverHealthy, numberOf, type Run } from './run';

/** How far an instance is brought: each level includes those before it. One that is ready is led to, by registry and edge. */
type Level = 'started' | 'healthy' | 'ready';
const levels: readonly Level[] = ['started', 'healthy', 'ready'];

/** The instances that an operation brings up for one release. */
export interface Crew {
  /**
   * Brings every place of the crew to the level. Whoever exits meanwhile is replaced; a place whose instances keep
   * exiting, or do not become healthy in time, ends it with NeverHealthy.
   */
  complete(level: Level, amid?: () => Promise<void>): Promise<void>;
  /** Runs `work` and meanwhile keeps the crew complete; when that fails, the signal given to the work aborts. */
  meanwhile<T>(level: Level, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

export interface CrewOptions {
  readonly release: Release;
  readonly kind: '' | 'r';
  readonly count: number;
  /** Hosts of the first attempts, by place. */
  readonly hosts: readonly string[];
  /** Called when the number of healthy instances changes. */
  readonly onHealthy?: (healthy: number) => void;
}

/** Restarts of an instance before it was ever healthy, and after. */
const RESTARTS_UNPROVEN = 2;
const RESTARTS_PROVEN = 3;
/** A SIGKILL comes from outside (a person, the system short of memory) and says little about the release. */
const RESTARTS_KILLED = 12;
const CHECK_MS = 200;

export function openCrew(run: Run, { release, kind, count, hosts, onHealthy }: CrewOptions): Crew {
  const { parts, cell } = run;
  const reached = new Map<string, number>();
  const well = new Set<string>();
  /** Somebody waits for health: before that nobody is told of it. */
  let awaited = false;
  /** Instances on their way to be healthy; false when one exited. */
  const coming = new Map<string, Promise<boolean>>();
  const failures = new Map<number, { count: number; kills: number; allowed: number; lastId: string | undefined }>();
  /** Highest attempt of each place that was tried here; a start that fails leaves no instance behind. */
  const tried = new Map<number, number>();
  /** Instances that were given up because their host is away, with what is said of them. */
  const lost = new Map<string, string>();
  const ordinals = Array.from({ length: count }, (_, index) => index + 1);

  const attemptsOf = async (ordinal: number): Promise<{ attempt: number; instance: Instance }[]> => {
    const { fresh, old } = await instancesOf(run, LISTED_MS);
    return [...fresh, ...old]
      .map((instance) => ({ number: numberOf(run, kind, instance.id), instance }))
      .flatMap(({ number, instance }) => (number?.ordinal === ordinal ? [{ attempt: number.attempt, instance }] : []))
      .sort((a, b) => b.attempt - a.attempt);
  };

  /** Counts a failure of the place and waits a little; too many end it. */
  const failed = async (ordinal: number, id: string, sentence: string, killed = false): Promise<void> => {
    const place = failures.get(ordinal) ?? { count: 0, kills: 0, allowed: RESTARTS_UNPROVEN, lastId: undefined };
    if (place.lastId === id) return;
    const next = { ...place, [killed ? 'kills' : 'count']: place[killed ? 'kills' : 'count'] + 1, lastId: id };
    failures.set(ordinal, next);
    const all = next.count + next.kills;
    if (next.count > next.allowed || next.kills > RESTARTS_KILLED) {
      const times = all === 1 ? '' : `, ${all} times in a row`;
      throw new NeverHealthy(`${sentence}${times}.`, id);
    }
    await pause(Math.min(2_000, 100 * 2 ** all), undefined, { signal: run.signal }).catch(() => undefined);
  };

  const start = async (ordinal: number, attempt: number): Promise<Instance | undefined> => {
    run.signal.throwIfAborted();
    tried.set(ordinal, attempt);
    const id = instanceId(run, kind, ordinal, attempt);
    const host = attempt === 1 ? hosts[ordinal - 1] : (await chooseHosts(run, release, 1))[0];
    if (host === undefined) throw new NeverHealthy(`There is no host for ${id}.`);
    try {
      if (attempt > 1) await parts.images.ensure(release.image, host);
      const instance = await startInstance(parts, cell, release, { id, host, operation: String(run.hold.operation) });
      // While others are still being started.
      heal(ordinal, instance).catch(() => undefined);
      return instance;
    } catch (error) {
      if (!(error instanceof EdwinError)) throw error;
      if (error.code !== 'hosts.start-failed' && error.code !== 'hosts.unreachable')
        throw new NeverHealthy(explain(error), id);
      await failed(ordinal, id, error.message.replace(/\.$/, ''));
      return undefined;
    }
  };

  /** One place: the instance there, or the next attempt, brought to the level. */
  const bring = async (ordinal: number, level: number): Promise<void> => {
    for (let attempts = await attemptsOf(ordinal); ; attempts = await attemptsOf(ordinal)) {
      const newest = attempts[0];
      let instance = newest?.instance;
      if (instance !== undefined && (reached.get(instance.id) ?? -1) >= level && instance.state !== 'exited') return;
      if (newest !== undefined && instance?.state === 'exited') {
        await bury(newest.instance);
        const killed = newest.instance.exit?.signal === 'SIGKILL';
        await failed(ordinal, newest.instance.id, await endOf(newest.instance), killed);
        instance = undefined;
      } else if (newest !== undefined && instance?.state === 'unknown' && lost.has(instance.id)) {
        await failed(ordinal, instance.id, lost.get(instance.id) ?? '', true);
        instance = undefined;
      }
      instance ??= await start(ordinal, Math.max(newest?.attempt ?? 0, tried.get(ordinal) ?? 0) + 1);
      if (instance === undefined) continue;
      if (level >= 1 && !(await heal(ordinal, instance))) continue;
      if (level >= 2)
        await Promise.all([register(parts, cell, release, instance), admit(parts, cell, release, instance)]);
      reached.set(instance.id, level);
      return;
    }
  };

  const heal = (ordinal: number, instance: Instance): Promise<boolean> => {
    const before = coming.get(instance.id);
    if (before) return before;
    const work = becomeWell(ordinal, instance);
    coming.set(instance.id, work);
    work.then(
      (isWell) => isWell || coming.delete(instance.id),
      (error) => error instanceof NeverHealthy || coming.delete(instance.id),
    );
    return work;
  };

  const becomeWell = async (ordinal: number, instance: Instance): Promise<boolean> => {
    const deadline = Date.now() + release.snapshot.rollout.healthSeconds * 1_000;
    const verdict = await untilHealthy(parts, release, instance, deadline, run.signal);
    if (!verdict.well && verdict.exited) {
      lost.set(instance.id, verdict.sentence);
      parts.listing.stale();
      return false;
    }
    if (!verdict.well) throw new NeverHealthy(`${verdict.sentence}.`, instance.id);
    well.add(instance.id);
    const { count, kills } = failures.get(ordinal) ?? { count: 0, kills: 0 };
    failures.set(ordinal, { count, kills, allowed: RESTARTS_PROVEN, lastId: undefined });
    if (awaited) onHealthy?.(well.size);
    return true;
  };

  /** How it ended. Its host may see that it is gone a moment before it knows how. */
  const endOf = async ({ id, exit }: Instance): Promise<string> => {
    let seen = exit;
    for (let looks = 0; looks < 5 && seen?.code === undefined && seen?.signal === undefined; looks++) {
      await pause(20, undefined, { signal: run.signal }).catch(() => undefined);
      seen = (await parts.listing.of(cell)).find((instance) => instance.id === id)?.exit;
    }
    return exitSentence(id, seen);
  };

  /** An instance that died after it was known to others. */
  const bury = async (instance: Instance): Promise<void> => {
    coming.delete(instance.id);
    const [wasReached, wasWell] = [reached.delete(instance.id), well.delete(instance.id)];
    if (!wasReached && !wasWell) return;
    run.log.warn({ instance: instance.id }, `${exitSentence(instance.id, instance.exit)}; it is replaced`);
    await forget(parts, cell, release.snapshot.kind, instance.id);
  };

  const complete = async (level: Level, amid?: () => Promise<void>): Promise<void> => {
    if (level !== 'started' && !awaited) {
      awaited = true;
      if (well.size > 0) onHealthy?.(well.size);
    }
    let first = amid;
    const results = await Promise.allSettled(
      ordinals.map(async (ordinal) => {
        await bring(ordinal, levels.indexOf(level));
        const reach = first;
        first = undefined;
        await reach?.();
      }),
    );
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) throw failure.reason;
  };

  return {
    complete,
    async meanwhile(level, work) {
      const over = new AbortController();
      const lost = new AbortController();
      const keep = async (): Promise<void> => {
        for (;;) {
          await pause(CHECK_MS, undefined, { signal: over.signal }).catch(() => undefined);
          if (over.signal.aborted) return;
          await complete(level);
        }
      };
      const keeping = keep().catch((error) => {
        lost.abort();
        throw error;
      });
      const working = work(AbortSignal.any([run.signal, lost.signal])).finally(() => over.abort());
      const [kept, result] = await Promise.allSettled([keeping, working]);
      if (kept.status === 'rejected') throw kept.reason;
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    },
  };
}
