import type { OperationRequest } from '../../platform/fleet/fleet';
import type { Boundary } from '../../platform/fleet/parts';
import { openController, type WorldAddress } from './world';

/** What this process is told to do: ask for the operation, run it, and die at the boundary as by `kill -9`. */
export interface Order {
  readonly address: WorldAddress;
  readonly holder: string;
  readonly request: OperationRequest;
  readonly boundary: Omit<Boundary, 'operation'>;
}

export type Report = { readonly taken: number } | { readonly failed: string };

const tell = (report: Report): Promise<void> => new Promise((resolve) => process.send?.(report, () => resolve()));

async function obey({ address, holder, request, boundary }: Order): Promise<void> {
  let taken = false;
  const { fleet } = await openController(address, holder, {
    boundary: async ({ step, moment, operation }) => {
      if (!taken) {
        taken = true;
        await tell({ taken: operation });
      }
      if (step === boundary.step && moment === boundary.moment) process.kill(process.pid, 'SIGKILL');
    },
  });
  await fleet.request(request);
  await fleet.start();
}

process.on('message', (order: Order) => {
  obey(order).catch((error: Error) => tell({ failed: error.stack ?? error.message }));
});
process.on('disconnect', () => process.exit(1));
