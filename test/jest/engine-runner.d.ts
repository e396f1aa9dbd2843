export interface SuiteFile {
  readonly servers: ReadonlySet<string>;
}
export function serversOf(source: string): Set<string>;
export function nextOf<File extends SuiteFile>(waiting: readonly File[], running: readonly File[]): File | undefined;
