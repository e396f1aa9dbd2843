/**
 * Images: what a build makes from a commit, immutable and addressed by digest.
 *
 * Promises every adapter keeps (contract.ts is their test):
 * - The digest names the content: equal content has the same digest, and what is stored under a digest never changes.
 *   Where the commit is written into the image (a label), it belongs to the content.
 * - A build reads only the named commit, never uncommitted files; the commit is recorded with the image.
 * - A failed or interrupted build leaves nothing behind that could be mistaken for an image.
 * - Building a commit again that is already built returns the stored image, also when several ask at once.
 * - What is on a host stays usable there while the place where images are kept is away.
 * Errors: `images.unknown-ref`, `images.build-failed` (message ends with the build's last lines),
 * `images.not-a-repository`, `images.missing`, `images.damaged`, `images.unreachable`, `images.refused`,
 * `images.disk-full`; of a host, `hosts.unknown-host` and `hosts.unreachable`.
 */
export interface Images {
  build(request: BuildRequest, onProgress?: (line: string) => void): Promise<Image>;
  get(digest: string): Promise<Image | undefined>;
  /** Newest first. */
  list(service: string): Promise<Image[]>;
  /** Makes sure that the host has the image, whole. Called before the first old instance is stopped. */
  ensure(digest: string, host: string): Promise<void>;
  /** Idempotent. The caller makes sure that no kept release needs it. */
  remove(digest: string): Promise<void>;
  /** Ends builds that run, as failed ones, and lets go of connections. */
  close(): Promise<void>;
}

export interface BuildRequest {
  readonly service: string;
  /** Folder of the git repository. */
  readonly repository: string;
  /** Branch, tag or commit. */
  readonly ref: string;
  readonly recipe: BuildRecipe;
}

export interface BuildRecipe {
  /**
   * For local hosts: a shell command, run in a clean checkout of the commit (cwd = `context`). It fills the folder
   * `$EDWIN_OUTPUT`; `$EDWIN_CACHE` is a folder kept between builds; `$EDWIN_REPOSITORY` is the source repository.
   */
  readonly command: string | undefined;
  /** For Docker hosts: path of the Dockerfile inside `context`, and its target; default: its last stage. */
  readonly dockerfile: string | undefined;
  readonly target: string | undefined;
  /** Folder inside the repository. */
  readonly context: string;
}

export interface Image {
  readonly service: string;
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string;
  /** 40 hexadecimal digits. */
  readonly commit: string;
  /** First line of the commit's message. */
  readonly subject: string;
  readonly author: string;
  readonly builtAt: Date;
  /** What has to be moved to a host that has nothing of it yet. */
  readonly bytes: number;
  /** It starts by a command of its own; else by the catalog's `run`. */
  readonly runsItself: boolean;
}
