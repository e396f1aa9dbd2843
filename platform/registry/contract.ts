import { exercised, promisesOf } from '../../test/contract';
import { RegistryBench, type RegistryUnderTest } from './contract-bench';
import { faultContract } from './contract-faults';
import { instanceContract } from './contract-instances';
import { leaseContract } from './contract-leases';
import { rivalContract } from './contract-rivals';
import { watchContract } from './contract-watch';

/** The suite every registry passes. A test that a system can not pass is named in `unsupported`, with the reason. */
export function registryContract(
  adapter: string,
  subject: RegistryUnderTest,
  { unsupported = {} }: { unsupported?: Readonly<Record<string, string>> } = {},
): void {
  describe(promisesOf('registry', adapter), () => {
    beforeAll(async () => exercised({ port: 'registry', adapter, version: await subject.version() }));
    const bench = new RegistryBench(subject, unsupported);
    describe('instances', () => instanceContract(bench));
    describe('watching', () => watchContract(bench));
    describe('leases', () => leaseContract(bench));
    describe('a server that refuses or is away', () => faultContract(bench));
    describe('rivals for a lease', () => rivalContract(bench));
  });
}
