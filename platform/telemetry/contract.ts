import { exercised, promisesOf } from '../../test/contract';
import { TelemetryBench } from './contract-bench';
import { readContract } from './contract-reads';
import { tracesContract } from './contract-traces';
import { type TelemetryUnderTest, troubleContract } from './contract-trouble';
import { writeContract } from './contract-writes';

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
