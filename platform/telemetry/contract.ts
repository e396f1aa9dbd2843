import { exercised, promisesOf } from '../../test/contract';
import { TelemetryBench } from './contract-bench';
import { readContract } from './contract-reads';
import { tracesContract } from './contract-traces';
import { type TelemetryFaults, troubleContract } from './contract-trouble';
import { writeContract } from './contract-writes';
import type { TelemetryStore } from './telemetry';

/** A store as the suite gets hold of it; what is opened goes through the network that `faults.cut` cuts. */
export interface TelemetryUnderTest {
  /** What the server says of itself. */
  version(): Promise<string>;
  open(options?: { readonly limitMs?: number }): Promise<TelemetryStore>;
  /** At an address where nothing listens. */
  openUnreachable(): Promise<TelemetryStore>;
  openWithWrongPassword(): Promise<TelemetryStore>;
  /** With credentials of an environment that is not one of the suite's. */
  openAsStranger(): Promise<TelemetryStore>;
  /** Writes of one document each, all at once, and whether the server is sure to send some of them back. */
  rush(): Promise<{ readonly writes: number; readonly characters: number; readonly pushesBack: boolean }>;
  readonly faults: TelemetryFaults;
}

/** The promises of telemetry.ts. The suite keeps to environments of its own. */
export function telemetryContract(
  adapter: string,
  subject: TelemetryUnderTest,
  /** Text of a promise → why this adapter can not keep it. */
  unsupported: Readonly<Record<string, string>> = {},
): void {
  describe(promisesOf('telemetry', adapter), () => {
    const bench = new TelemetryBench(() => subject.open(), unsupported);
    beforeAll(async () => exercised({ port: 'telemetry', adapter, version: await subject.version() }));
    writeContract(bench);
    readContract(bench);
    tracesContract(bench);
    troubleContract(bench, subject);
  });
}
