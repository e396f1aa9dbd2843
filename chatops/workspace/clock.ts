/** Makes message timestamps (`1732400000.000123`): each is unique and later than every one before, `last` included. */
export function createClock(last: string | undefined, now: () => number = Date.now): () => string {
  let latest = last === undefined ? 0 : toMicros(last);
  return () => {
    latest = Math.max(latest + 1, now() * 1000);
    return fromMicros(latest);
  };
}

export function isTimestamp(value: unknown): value is string {
  return typeof value === 'string' && /^\d{10}\.\d{6}$/.test(value);
}

function toMicros(ts: string): number {
  const [seconds = '0', micros = '0'] = ts.split('.');
  return Number(seconds) * 1_000_000 + Number(micros);
}

function fromMicros(micros: number): string {
  return `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, '0')}`;
}
