import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EdwinError } from '../errors';
import type { Logger } from '../log';
import { connectEngine, type Engine } from './engine';
import { type HostEntry, loadHostsFile, parseHosts, TLS_FILES } from './hosts-file';

/** How often the hosts file is looked at. */
const LOOK_MS = 1_000;

/** The engines of all hosts, as the hosts file names them now. */
export interface Engines {
  /** In the order of the file. */
  list(): readonly Engine[];
  /** @throws `hosts.unknown-host` naming those there are */
  get(host: string): Engine;
  /** Calls back when hosts came, went or changed. A host whose way or certificates changed has another engine. */
  onChange(callback: () => void): void;
  close(): void;
}

/**
 * `docker:FILE` names a hosts file, which is read again when it changes: a host can be drained, added or taken out
 * without a restart. `unix:///path`, `ssh://user@host` and `tcp://host:port?tls=FOLDER` are one engine; `name`, `zone`,
 * `address`, `reach` and `networks` can be added as parameters.
 * @throws `config.invalid` with every mistake
 */
export function openEngines(url: string, log: Logger): Engines {
  const source = sourceOf(url);
  const engines = new Map<string, { readonly engine: Engine; readonly print: string }>();
  const callbacks = new Set<() => void>();
  let seen = '';
  let timer: NodeJS.Timeout | undefined;

  const take = (entries: readonly HostEntry[]): void => {
    const before = new Map(engines);
    engines.clear();
    for (const entry of entries) {
      const print = printOf(entry);
      const old = before.get(entry.name);
      if (old?.print === print) {
        old.engine.host = entry;
        before.delete(entry.name);
      }
      engines.set(entry.name, old?.print === print ? old : { engine: connectEngine(entry, log), print });
    }
    for (const { engine } of before.values()) engine.close();
  };
  const look = (file: string): void => {
    const now = stampOf(
      file,
      [...engines.values()].map(({ engine }) => engine.host),
    );
    if (now === seen) return;
    seen = now;
    try {
      take(loadHostsFile(file));
      log.info({ file, hosts: [...engines.keys()] }, 'The hosts file was read again');
      for (const callback of callbacks) callback();
    } catch (error) {
      log.warn({ error, file }, 'The hosts file changed and is wrong; the hosts stay as they were');
    }
  };

  if ('file' in source) {
    const { file } = source;
    take(loadHostsFile(file));
    seen = stampOf(
      file,
      [...engines.values()].map(({ engine }) => engine.host),
    );
    timer = setInterval(() => look(file), LOOK_MS).unref();
  } else take([source.entry]);

  return {
    list: () => [...engines.values()].map(({ engine }) => engine),
    get(host) {
      const found = engines.get(host)?.engine;
      if (found) return found;
      throw new EdwinError(
        'hosts.unknown-host',
        `There is no host ${host}; there are ${[...engines.keys()].join(', ')}.`,
      );
    },
    onChange: (callback) => void callbacks.add(callback),
    close() {
      clearInterval(timer);
      callbacks.clear();
      for (const { engine } of engines.values()) engine.close();
    },
  };
}

function sourceOf(url: string): { readonly file: string } | { readonly entry: HostEntry } {
  if (url.startsWith('docker:')) return { file: resolve(decodeURIComponent(url.slice('docker:'.length))) };
  if (!URL.canParse(url)) throw new EdwinError('config.invalid', `${url} is no address of a Docker engine.`);
  const parsed = new URL(url);
  const own: Record<string, string> = {};
  for (const key of ['name', 'zone', 'address', 'reach', 'networks', 'tls']) {
    const value = parsed.searchParams.get(key);
    if (value !== null) own[key] = key === 'tls' ? resolve(value) : value;
    parsed.searchParams.delete(key);
  }
  const fallback = /^[a-z][a-z0-9-]{0,62}$/.test(parsed.hostname) ? parsed.hostname : 'docker';
  const [entry] = parseHosts(JSON.stringify({ hosts: [{ name: fallback, engine: parsed.href, ...own }] }), url);
  return { entry: entry! };
}

/** Changes when the way to the engine does, or its certificates. */
function printOf({ engine, tls }: HostEntry): string {
  return JSON.stringify([engine, ...(tls === undefined ? [] : TLS_FILES.map((file) => stamp(join(tls, file))))]);
}

function stampOf(file: string, hosts: readonly HostEntry[]): string {
  return JSON.stringify([stamp(file), hosts.map(printOf)]);
}

function stamp(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found ? `${found.mtimeMs} ${found.size} ${found.ino}` : 'absent';
}
