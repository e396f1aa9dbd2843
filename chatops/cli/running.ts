import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join, resolve } from 'node:path';

/** What a running Edwin leaves in its data folder for the command line. */
export interface Running {
  readonly url: string;
  readonly token: string;
}

/** The Edwin of a data folder; without one named, of `.edwin` in this folder or one above. Undefined when none runs. */
export function findRunning(data: string | undefined, from: string): Running | undefined {
  const file = join(data === undefined ? nearestData(from) : resolve(from, data), 'edwin.json');
  try {
    const { url, token } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Running>;
    return url !== undefined && token !== undefined ? { url, token } : undefined;
  } catch {
    return undefined;
  }
}

export function nearestData(from: string): string {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.edwin'))) return join(folder, '.edwin');
    if (folder === dirname(folder)) return resolve(from, '.edwin');
  }
}

/** Posts JSON and gives each line of the answer to `onLine`. Rejects when nobody listens or the connection breaks. */
export function post(
  { url, token }: Running,
  path: string,
  body: unknown,
  options: { onLine(line: string): void; timeoutMs?: number },
): Promise<{ status: number }> {
  const { onLine, timeoutMs } = options;
  const payload = JSON.stringify(body);
  return new Promise((done, failed) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(payload),
      authorization: `Bearer ${token}`,
    };
    const call = request(new URL(path, url), { method: 'POST', headers }, (answer) => {
      let rest = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line !== '') onLine(line);
      });
      answer.on('error', failed);
      answer.on('end', () => {
        if (rest !== '') onLine(rest);
        done({ status: answer.statusCode ?? 0 });
      });
    });
    if (timeoutMs !== undefined) call.setTimeout(timeoutMs, () => call.destroy(new Error('It took too long.')));
    call.on('error', failed);
    call.end(payload);
  });
}
