import type { Operation, OperationRequest, ServiceStatus } from '../../platform/fleet/fleet';
import { until } from '../until';
import { disagreements, untilPruned } from './agreement';
import type { Behaviour } from './product';
import type { Controller, EnvironmentName, World } from './world';

/** What a person does with a fleet, for tests: build, ask, wait, look. */
export interface Operator {
  /** A request under a key of its own: the newest build of `web` to stage, where nothing else is said. */
  request(changes?: Partial<OperationRequest>): OperationRequest;
  /** Asks for an operation and waits for its end. */
  operate(changes?: Partial<OperationRequest>): Promise<Operation>;
  ended(id: number): Promise<Operation>;
  /** Commits a version and builds it; gives the number of the release. */
  build(version: string, health?: Behaviour['health'], service?: string): Promise<number>;
  cell(service?: string, environment?: EnvironmentName): Promise<ServiceStatus>;
  /** Resolves when journal, hosts, edge and registry agree that the release serves, with all instances. */
  agreed(release: number | undefined, service?: string, environment?: EnvironmentName): Promise<void>;
}

let keys = 0;

/** @param controller which one is asked; it may change from one call to the next */
export function openOperator({ product }: World, controller: () => Controller): Operator {
  const request = (changes: Partial<OperationRequest> = {}): OperationRequest => ({
    kind: 'deployment',
    service: 'web',
    environment: 'stage',
    release: undefined,
    requestedBy: 'ada',
    key: `key ${++keys}`,
    ...changes,
  });
  const ended = async (id: number): Promise<Operation> => {
    let last: Operation | undefined;
    for await (const operation of controller().fleet.follow(id)) last = operation;
    return last as Operation;
  };
  return {
    request,
    ended,
    operate: async (changes) => ended((await controller().fleet.request(request(changes))).id),
    async build(version, health = 'well', service = 'web') {
      product.commit({ version, health });
      const { release } = await controller().fleet.build({ service, ref: undefined, requestedBy: 'ada' });
      return release.number;
    },
    async cell(service = 'web', environment = 'stage') {
      const [status] = await controller().fleet.status({ service, environment });
      return status as ServiceStatus;
    },
    async agreed(release, service = 'web', environment = 'stage') {
      await until(
        async () => {
          const found = await disagreements(controller(), service, environment, release);
          if (found.length > 0) throw new Error(found.join('; '));
          return true;
        },
        { withinMs: 20_000, what: `everything agrees on release ${release} of ${service} in ${environment}` },
      );
      await untilPruned(controller(), { service, environment });
    },
  };
}
