import { exercised, promisesOf } from '../../test/contract';
import { QueueBench, type QueueUnderTest } from './contract-bench';
import { deadContract } from './contract-dead';
import { deliveryContract } from './contract-delivery';
import { faultContract } from './contract-faults';
import { traceContract } from './contract-traces';
import { troubleContract } from './contract-trouble';

/** The suite every queue passes. A test that a system can not pass is named in `unsupported`, with the reason. */
export function queueContract(
  name: string,
  subject: QueueUnderTest,
  { unsupported = {} }: { unsupported?: Readonly<Record<string, string>> } = {},
): void {
  describe(promisesOf('queue', name), () => {
    beforeAll(async () => exercised({ port: 'queue', adapter: name, version: await subject.version() }));
    const bench = new QueueBench(subject, unsupported);
    deliveryContract(bench);
    deadContract(bench);
    traceContract(bench);
    troubleContract(bench);
    faultContract(bench);
  });
}
