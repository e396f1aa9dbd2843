/** A service in an environment: what has one serving release, and one operation at a time. */
export interface Cell {
  readonly service: string;
  readonly environment: string;
}

export const cellKey = ({ service, environment }: Cell): string => `${service}/${environment}`;
