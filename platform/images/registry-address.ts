import { EdwinError } from '../errors';

/**
 * What an address like `registry+https://user:password@host:port/path` says. Parameters: `builder=classic` builds
 * without BuildKit; `api=http://registry:5000` is where Edwin itself finds the registry that engines know as
 * `host:port`, as when it is published on their machine and Edwin runs in a container.
 */
export interface RegistryAddress {
  /** Where Edwin itself calls it: `https://host:port`. */
  readonly origin: string;
  /** `host:port`, as errors name it and as engines know it. */
  readonly host: string;
  /** The one repository of all services' images: images are found by digest alone, and share their layers. */
  readonly repository: string;
  /** `host:port/repository`, as image names begin. */
  readonly name: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Undefined: BuildKit, unless the engine says that it has none. */
  readonly builder: 'buildkit' | 'classic' | undefined;
}

const DEFAULT_REPOSITORY = 'edwin';
/** Grammar of repository names: distribution spec 1.1, "Pulling manifests". */
const repositories = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;

/** @throws `config.invalid`, never showing the password */
export function parseRegistryAddress(url: string): RegistryAddress {
  const scheme = /^registry\+(https?):\/\//.exec(url)?.[1];
  const plain = url.replace(/^registry\+/, '');
  if (scheme === undefined || !URL.canParse(plain))
    throw invalid('must be like registry+https://user:password@host:port/path');
  const { origin, host, pathname, username, password, searchParams } = new URL(plain);
  const repository = pathname.replace(/^\/|\/$/g, '') || DEFAULT_REPOSITORY;
  if (!repositories.test(repository)) throw invalid(`: ${repository} is no name of a repository`);
  const builder = searchParams.get('builder') ?? undefined;
  if (builder !== undefined && builder !== 'buildkit' && builder !== 'classic')
    throw invalid(': builder is buildkit or classic');
  const api = searchParams.get('api') ?? origin;
  if (
    !/^https?:$/.test(URL.canParse(api) ? new URL(api).protocol : '') ||
    new URL(api).origin !== api.replace(/\/$/, '')
  )
    throw invalid(': api is like http://host:port');
  return {
    origin: new URL(api).origin,
    host,
    repository,
    name: `${host}/${repository}`,
    user: decodeURIComponent(username) || undefined,
    password: decodeURIComponent(password) || undefined,
    builder,
  };
}

function invalid(why: string): EdwinError {
  return new EdwinError('config.invalid', `The address of the image registry ${why}.`.replace(' :', ':'));
}
