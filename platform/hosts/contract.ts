import { promisesOf } from '../../test/contract';
import { type HostFaults, HostsBench, type HostsFixture } from './contract-bench';
import { faultsContract } from './contract-faults';
import { flowContract } from './contract-flow';
import { instancesContract } from './contract-instances';
import { logsContract } from './contract-logs';

export interface HostsContractOptions {
  /** Tests that the adapter can not pass, with the reason. */
  readonly unsupported?: Readonly<Record<string, string>>;
  /** Absent where there is nothing between the controller and its hosts that could be disturbed. */
  readonly faults?: HostFaults;
  /** More promises, of this adapter alone. */
  readonly more?: (bench: HostsBench) => void;
}

/** The promises of hosts.ts, for any adapter. */
export function hostsContract(
  name: string,
  prepare: () => Promise<HostsFixture>,
  { unsupported = {}, faults, more }: HostsContractOptions = {},
): void {
  describe(promisesOf('hosts', name), () => {
    const bench = new HostsBench(name, prepare, unsupported);
    instancesContract(bench);
    logsContract(bench);
    flowContract(bench);
    if (faults) faultsContract(bench, faults);
    more?.(bench);
  });
}
