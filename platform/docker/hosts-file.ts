import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { EdwinError } from '../errors';

/** Names of the files in a folder of TLS credentials, as Docker's own tools name them. */
export const TLS_FILES = ['ca.pem', 'cert.pem', 'key.pem'] as const;

const engineUrl = z.string().superRefine((text, context) => {
  const wrong = wrongEngine(text);
  if (wrong !== undefined) context.addIssue({ code: 'custom', message: wrong });
});

const host = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,62}$/, 'must be a lower-case word of letters, digits and dashes')
      .meta({ description: 'Name of the host, as people see it' }),
    engine: engineUrl.meta({
      description: 'Its Docker engine: `tcp://host:2376`, `unix:///var/run/docker.sock`, or `ssh://user@host`',
    }),
    zone: z.string().min(1).default('default').meta({ description: 'Hosts of a zone may fail together' }),
    address: z.string().min(1).optional().meta({
      description: 'Where published ports are reached; default: the host of `engine`, 127.0.0.1 for a socket',
    }),
    bind: z
      .string()
      .refine((text) => isIP(text) > 0, 'must be an IP address')
      .optional()
      .meta({
        description:
          'Address of the host on which ports are published; default: `address` if it is an IP, else all addresses',
      }),
    reach: z.enum(['port', 'network']).default('port').meta({
      description:
        'How instances are reached: on ports that the host publishes, or, from a container of the same engine, on the network of their environment itself, with nothing published',
    }),
    networks: z
      .string()
      .regex(/^[a-z][a-z0-9_-]{0,40}$/, 'must be a lower-case word of letters, digits, _ and -')
      .default('edwin')
      .meta({ description: 'How the names of the environments’ networks begin: `edwin` makes `edwin-stage`' }),
    bridge: z.enum(['own', 'engine']).default('own').meta({
      description:
        'The network of instances: `own`, one for each environment; or `engine`, the one that Docker itself has, where containers start a sixth quicker, for hosts of a single environment',
    }),
    environments: z
      .array(z.string().min(1))
      .default([])
      .meta({ description: 'Environments whose instances may be placed here; empty: all' }),
    tls: z.string().min(1).optional().meta({ description: 'Folder with ca.pem, cert.pem and key.pem, for `tcp://`' }),
    drained: z.boolean().default(false).meta({ description: 'Nothing more is placed here; what runs goes on' }),
    cpus: z.number().positive().optional().meta({ description: 'Processors to count with; default: what it has' }),
    memoryMb: z.int().positive().optional().meta({ description: 'MiB of memory to count with; default: what it has' }),
  })
  .superRefine(({ engine, tls, bridge, environments, reach }, context) => {
    const shared = bridge === 'engine' && (environments.length !== 1 || reach !== 'port');
    if (shared)
      context.addIssue({
        code: 'custom',
        path: ['bridge'],
        message: 'may be `engine` only where `environments` names one and `reach` is `port`: it keeps nothing apart',
      });
    const protocol = URL.canParse(engine) ? new URL(engine).protocol : '';
    if (protocol === 'tcp:' && tls === undefined && !isLoopback(new URL(engine).hostname))
      context.addIssue({ code: 'custom', path: ['tls'], message: 'is needed for tcp:// of another machine' });
    if (protocol !== 'tcp:' && protocol !== '' && tls !== undefined)
      context.addIssue({ code: 'custom', path: ['tls'], message: 'is for tcp:// only' });
  });

const hostsFileSchema = z.strictObject({
  hosts: z.array(host).min(1, 'needs at least one host'),
});

/** A host and how to come to its engine. Paths are absolute. */
export interface HostEntry {
  readonly name: string;
  readonly engine: string;
  readonly zone: string;
  /** Where the ports of its instances are reached. */
  readonly address: string;
  /** Address on which the engine publishes ports; empty: on all. */
  readonly bind: string;
  /** `network`: Edwin is on the networks of the environments itself, and finds instances by their own addresses. */
  readonly reach: 'port' | 'network';
  /** How the names of networks begin. */
  readonly networks: string;
  /** `engine`: Docker's own network in place of one for each environment, on a host that has a single one. */
  readonly bridge: 'own' | 'engine';
  readonly environments: readonly string[];
  readonly tls: string | undefined;
  readonly drained: boolean;
  readonly cpus: number | undefined;
  readonly memoryMb: number | undefined;
}

/** @throws `config.invalid` naming every mistake of the file */
export function loadHostsFile(path: string): HostEntry[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new EdwinError('config.invalid', `There is no hosts file that could be read at ${path} (${why}).`, {
      cause: error,
    });
  }
  return parseHosts(text, path);
}

/**
 * Relative paths in it are relative to the folder of `file`.
 * @throws `config.invalid` naming every mistake
 */
export function parseHosts(text: string, file: string): HostEntry[] {
  const document = parseDocument(text, { uniqueKeys: true });
  if (document.errors.length > 0)
    throw invalid(
      file,
      document.errors.map(({ message }) => message.split('\n')[0]!),
    );
  const parsed = hostsFileSchema.safeParse(document.toJS());
  const problems = (parsed.error?.issues ?? []).map(
    ({ path, message }) => `${path.map(String).join('.') || 'file'}: ${message}`,
  );
  const entries = (parsed.data?.hosts ?? []).map((each) => entryOf(each, dirname(resolve(file))));
  problems.push(...twice(entries), ...entries.flatMap(missingFiles));
  if (problems.length > 0) throw invalid(file, problems);
  return entries;
}

function entryOf(found: z.infer<typeof host>, folder: string): HostEntry {
  const { protocol, hostname } = new URL(found.engine);
  const address = found.address ?? (protocol === 'unix:' ? '127.0.0.1' : hostname.replace(/^\[|\]$/g, ''));
  return {
    ...found,
    address,
    bind: found.bind ?? (isIP(address) > 0 ? address : ''),
    tls: found.tls === undefined ? undefined : resolve(folder, found.tls),
    cpus: found.cpus,
    memoryMb: found.memoryMb,
  };
}

function wrongEngine(text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be tcp://host:port, unix:///path or ssh://user@host';
  const { protocol, hostname, port, pathname, password } = new URL(text);
  if (password !== '') return 'must hold no password: SSH takes keys, tcp:// takes certificates';
  if (protocol === 'unix:') return pathname.length > 1 && hostname === '' ? undefined : 'must be unix:///path';
  if (protocol === 'tcp:') return hostname !== '' && port !== '' ? undefined : 'must be tcp://host:port';
  if (protocol === 'ssh:') return hostname !== '' ? undefined : 'must be ssh://user@host';
  return `can not be reached by ${protocol} addresses; there are tcp://, unix:// and ssh://`;
}

function twice(entries: readonly HostEntry[]): string[] {
  const of = (key: 'name' | 'engine') => {
    const values = entries.map((each) => each[key]);
    const repeated = new Set(values.filter((value, i) => values.indexOf(value) !== i));
    return [...repeated].map((value) => `${key} ${value} stands there twice`);
  };
  return [...of('name'), ...of('engine')];
}

function missingFiles({ name, tls }: HostEntry): string[] {
  if (tls === undefined) return [];
  const missing = TLS_FILES.filter((file) => !existsSync(join(tls, file)));
  return missing.length === 0 ? [] : [`${name}: there is no ${missing.join(', ')} in ${tls}`];
}

const isLoopback = (name: string): boolean => name === 'localhost' || /^(127\.|\[::1\]$)/.test(name);

function invalid(file: string, problems: readonly string[]): EdwinError {
  const count = problems.length === 1 ? 'one mistake' : `${problems.length} mistakes`;
  return new EdwinError('config.invalid', `The hosts file ${file} has ${count}: ${problems.join('; ')}.`);
}
