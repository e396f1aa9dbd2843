import { EdgeBench, type EdgeFixture } from './contract-bench';
import { endsContract } from './contract-ends';
import { lossContract } from './contract-loss';
import { poolsContract } from './contract-pools';

/** The promises of edge.ts, for any adapter; `unsupported` names tests that it can not pass, with the reason. */
export function edgeContract(
  name: string,
  prepare: () => Promise<EdgeFixture>,
  { unsupported = {} }: { readonly unsupported?: Readonly<Record<string, string>> } = {},
): void {
  describe(`${name} keeps the promises of an edge`, () => {
    const bench = new EdgeBench(prepare, unsupported);
    poolsContract(bench);
    lossContract(bench);
    endsContract(bench);
  });
}
