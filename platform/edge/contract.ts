import { exercised, promisesOf } from '../../test/contract';
import { EdgeBench, type EdgeFixture } from './contract-bench';
import { endsContract } from './contract-ends';
import { faultsContract } from './contract-faults';
import { flowContract } from './contract-flow';
import { lossContract } from './contract-loss';
import { poolsContract } from './contract-pools';

/** The promises of edge.ts, for any adapter; `unsupported` names tests that it can not pass, with the reason. */
export function edgeContract(
  adapter: string,
  prepare: () => Promise<EdgeFixture>,
  { unsupported = {} }: { readonly unsupported?: Readonly<Record<string, string>> } = {},
): void {
  describe(promisesOf('edge', adapter), () => {
    const bench = new EdgeBench(prepare, unsupported);
    beforeAll(() => exercised({ port: 'edge', adapter, version: bench.fixture.version }));
    poolsContract(bench);
    flowContract(bench);
    lossContract(bench);
    endsContract(bench);
    faultsContract(bench);
  });
}
