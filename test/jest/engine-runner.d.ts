export interface SuiteFile {
  readonly servers: ReadonlySet<string>;
  readonly seconds: number;
}
export function suiteOf(source: string): SuiteFile;
export function nextOf<File extends SuiteFile>(waiting: readonly File[], running: readonly File[]): File | undefined;
