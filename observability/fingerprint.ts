import { createHash } from 'node:crypto';

const TOP_FRAMES = 5;

/**
 * What makes two exceptions the same one, over releases, hosts and requests: the type and the top frames of the
 * program itself, by function and file, without line numbers and installation folders. Without a stack, the message
 * with its changing parts taken out.
 */
export function fingerprint(type: string, message: string, stack: string | undefined): string {
  const frames = framesOf(stack ?? '');
  const place = frames.length > 0 ? frames : [generalised(message)];
  return createHash('sha256')
    .update([type, ...place].join('\n'))
    .digest('hex')
    .slice(0, 32);
}

/** Frames of the program; of libraries and the runtime only when there are no others. */
function framesOf(stack: string): string[] {
  const frames = stack
    .split('\n')
    .map(frameOf)
    .filter((frame) => frame !== undefined);
  const own = frames.filter(({ file }) => !/(^node:|node_modules|site-packages|^internal\/|<anonymous>)/.test(file));
  return (own.length > 0 ? own : frames).slice(0, TOP_FRAMES).map(({ call, file }) => `${call} ${shortened(file)}`);
}

/** V8 and JVM: `at call (file:1:2)`, `at file:1:2`. Python: `File "file", line 1, in call`. */
function frameOf(line: string): { call: string; file: string } | undefined {
  const python = /^\s*File "([^"]+)", line \d+(?:, in (\S+))?/.exec(line);
  if (python) return { call: python[2] ?? '', file: python[1] ?? '' };
  const called = /^\s*at (?:async |new )*(\S.*?) ?\((.+?)(?::\d+)*\)\s*$/.exec(line);
  if (called) return { call: (called[1] ?? '').replace(/ \[as .*\]$/, ''), file: called[2] ?? '' };
  const plain = /^\s*at (?:async )?(\S+?)(?::\d+)+\s*$/.exec(line);
  return plain ? { call: '', file: plain[1] ?? '' } : undefined;
}

/** The last three parts of a path: what is before them is where it happens to be installed. */
function shortened(file: string): string {
  return file
    .replace(/^file:\/\//, '')
    .split(/[\\/]/)
    .slice(-3)
    .join('/');
}

function generalised(message: string): string {
  return (message.split('\n', 1)[0] ?? '')
    .replace(/"[^"]*"|'[^']*'|`[^`]*`/g, '<text>')
    .replace(/\b[0-9a-f]{8,}(?:-[0-9a-f]{4,})*\b/gi, '<id>')
    .replace(/\d+/g, '<n>')
    .slice(0, 200);
}
