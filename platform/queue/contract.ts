import { QueueBench, type QueueUnderTest } from './contract-bench';
import { deliveryContract } from './contract-delivery';
import { traceContract } from './contract-traces';
import { troubleContract } from './contract-trouble';

/** The suite every queue passes. A test that a system can not pass is named in `unsupported`, with the reason. */
export function queueContract(
  name: string,
  subject: QueueUnderTest,
  { unsupported = {} }: { unsupported?: Readonly<Record<string, string>> } = {},
): void {
  describe(`${name} as queue`, () => {
    const bench = new QueueBench(subject, unsupported);
    deliveryContract(bench);
    traceContract(bench);
    troubleContract(bench);
  });
}
