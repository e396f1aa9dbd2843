import { HostsBench, type HostsFixture } from './contract-bench';
import { instancesContract } from './contract-instances';
import { logsContract } from './contract-logs';

/** The promises of hosts.ts, for any adapter; `unsupported` names tests that it can not pass, with the reason. */
export function hostsContract(
  name: string,
  prepare: () => Promise<HostsFixture>,
  { unsupported = {} }: { readonly unsupported?: Readonly<Record<string, string>> } = {},
): void {
  describe(`${name} keeps the promises of hosts`, () => {
    const bench = new HostsBench(prepare, unsupported);
    instancesContract(bench);
    logsContract(bench);
  });
}
