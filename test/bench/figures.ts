import { cpus, loadavg } from 'node:os';

/** Nearest-rank percentile of sorted values; 0 for none. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

export function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): string => `${Math.round(percentile(sorted, share))}`;
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms (${sorted.length})`;
}

export function machine(): string {
  return `${cpus().length} × ${cpus()[0]?.model.trim()}, load ${loadavg()
    .map((value) => value.toFixed(1))
    .join(' ')}, Node ${process.version}`;
}

export function row(name: string, value: string, bound = ''): void {
  console.log(`${name.padEnd(38)} ${value}${bound === '' ? '' : `   (${bound})`}`);
}
