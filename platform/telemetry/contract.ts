import { newTraceId } from '../../test/documents';
import { until } from '../../test/until';
import { hasCode } from '../errors';
import { TelemetryBench } from './contract-bench';
import { readContract } from './contract-reads';
import { writeContract } from './contract-writes';
import type { TelemetryStore } from './telemetry';

export interface TelemetryContractOptions {
  /** Name of a test → why this adapter can not keep the promise. */
  readonly unsupported?: Readonly<Record<string, string>>;
  /** Opens a store at an address where nothing listens. */
  readonly unreachable?: () => Promise<TelemetryStore>;
  /** Opens a store with credentials that the server refuses. */
  readonly refused?: () => Promise<TelemetryStore>;
  readonly faults?: { restart?(): Promise<void>; cutConnections(): Promise<void> };
}

/** The promises of telemetry.ts. `open` opens the same store each time; the suite keeps to environments of its own. */
export function telemetryContract(
  adapter: string,
  open: () => Promise<TelemetryStore>,
  options: TelemetryContractOptions = {},
): void {
  describe(`${adapter} as telemetry store`, () => {
    const bench = new TelemetryBench(open, options.unsupported ?? {});
    writeContract(bench);
    readContract(bench);
    troubleContract(bench, options);
  });
}

function troubleContract(bench: TelemetryBench, { faults, unreachable, refused }: TelemetryContractOptions): void {
  const { promise, environment, span, found } = bench;
  const goesOn = async (fault: () => Promise<void>): Promise<void> => {
    const traceId = newTraceId();
    const document = span({ traceId });
    await fault();
    const written = () =>
      bench.store.write([document]).then(
        () => true,
        (error) => !hasCode(error, 'telemetry.unreachable') && Promise.reject(error),
      );
    await until(written, { what: 'a write after the fault', withinMs: 20_000 });
    await found('the span', async () => (await bench.store.trace(environment, traceId)).spans.length === 1);
  };
  const { restart, cutConnections } = faults ?? {};
  if (cutConnections) promise('it goes on by itself after its connections are cut', () => goesOn(cutConnections));
  if (restart) promise('it goes on by itself after its server was started again', () => goesOn(restart));
  if (unreachable) {
    promise('an address where nothing listens is telemetry.unreachable', async () => {
      await expect(unreachable()).rejects.toMatchObject({ code: 'telemetry.unreachable' });
    });
  }
  if (refused) {
    promise('credentials that are wrong are telemetry.refused', async () => {
      await expect(refused()).rejects.toMatchObject({ code: 'telemetry.refused' });
    });
  }
}
