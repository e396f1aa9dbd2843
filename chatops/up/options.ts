import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EdwinError } from '../../platform/errors';

export interface UpOptions {
  readonly data: string;
  readonly port: number;
  readonly catalog: string;
  /** Build and deploy to the first environment what does not serve there yet. */
  readonly fill: boolean;
  /** The one program to start, as part of a system whose other parts are started elsewhere. */
  readonly only?: ProgramName;
}

const programNames = ['edge', 'observability', 'chatops'] as const;
export type ProgramName = (typeof programNames)[number];

export const upUsage = `Usage: edwin up [--data DIR] [--port N] [--catalog FILE] [--no-fill] [--only PROGRAM]

  --data DIR       where everything is kept (default .edwin)
  --port N         port of the page (default 4400)
  --catalog FILE   the catalog (default edwin.yaml)
  --no-fill        do not build and deploy to the first environment by itself
  --only PROGRAM   start edge, observability or chatops alone; the others run elsewhere
`;

/** @throws `chat.usage` */
export function readOptions(
  argv: readonly string[],
  defaults: { data: string; port: number; catalog: string },
): UpOptions | 'help' {
  let values: { data?: string; port?: string; catalog?: string; 'no-fill'?: boolean; only?: string; help?: boolean };
  try {
    ({ values } = parseArgs({
      args: [...argv],
      options: {
        data: { type: 'string' },
        port: { type: 'string' },
        catalog: { type: 'string' },
        'no-fill': { type: 'boolean' },
        only: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    throw new EdwinError('chat.usage', `${(error as Error).message}\n${upUsage}`);
  }
  if (values.help) return 'help';
  const port = values.port === undefined ? defaults.port : Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new EdwinError('chat.usage', `--port must be a number from 1 to 65535.\n${upUsage}`);
  const only = programNames.find((name) => name === values.only);
  if (values.only !== undefined && only === undefined)
    throw new EdwinError('chat.usage', `--only is one of ${programNames.join(', ')}.\n${upUsage}`);
  return {
    data: resolve(values.data ?? defaults.data),
    port,
    catalog: resolve(values.catalog ?? defaults.catalog),
    fill: !values['no-fill'],
    ...(only && { only }),
  };
}
