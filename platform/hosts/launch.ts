import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { processEnvironment } from '../config';
import { EdwinError } from '../errors';
import { identify } from '../process';
import type { InstanceSpec } from './hosts';
import { MARK, type Processes } from './processes';
import type { Intent, Records } from './records';

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/** Where platform/images/local.ts keeps the tree of a digest. */
export function imageFolder(imagesFolder: string, digest: string): string {
  return join(imagesFolder, ...digest.split(':'));
}

interface Launch {
  readonly spec: InstanceSpec;
  readonly intent: Intent;
  readonly imagesFolder: string;
  readonly records: Records;
  readonly processes: Processes;
}

/**
 * Starts the process and writes down who it is before anything else can happen in this process.
 * @throws `hosts.start-failed` when the command can not be run
 */
export async function launch({ spec, intent, imagesFolder, records, processes }: Launch): Promise<void> {
  const [file, ...args] = spec.command ?? [];
  const listen = intent.port === undefined ? {} : { HOST: '127.0.0.1', PORT: String(intent.port) };
  const stdout = openSync(records.path(spec.id, 'stdout.log'), 'a', 0o600);
  const stderr = openSync(records.path(spec.id, 'stderr.log'), 'a', 0o600);
  try {
    const child = spawn(file!, args, {
      cwd: imageFolder(imagesFolder, spec.image),
      env: {
        PATH: processEnvironment()['PATH'] ?? DEFAULT_PATH,
        ...spec.env,
        ...listen,
        EDWIN_INSTANCE: spec.id,
        [MARK]: intent.mark,
      },
      detached: true,
      stdio: ['ignore', stdout, stderr],
    });
    if (child.pid !== undefined) {
      records.putStarted(spec.id, {
        process: identify(child.pid) ?? { pid: child.pid, start: '' },
        at: new Date().toISOString(),
      });
      processes.own(spec.id, child);
    }
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new EdwinError('hosts.start-failed', `${spec.id} can not be started on ${spec.host}: ${why}.`, {
      cause: error,
    });
  } finally {
    closeSync(stdout);
    closeSync(stderr);
  }
}
