import { userInfo } from 'node:os';

/** Options that belong to the command line itself; all other words are the command. */
export interface CliOptions {
  /** Undefined: `EDWIN_DATA`, else `.edwin` here or in a folder above. */
  readonly data: string | undefined;
  readonly json: boolean;
  readonly as: string;
  /** Follow an operation to its end. */
  readonly wait: boolean;
  readonly words: readonly string[];
}

/** A sentence instead, when an option lacks its value. */
export function readCliOptions(argv: readonly string[], env: NodeJS.ProcessEnv): CliOptions | string {
  let data = env['EDWIN_DATA'];
  let json = false;
  let as: string | undefined;
  let wait = true;
  const words: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (word === '--') {
      words.push(...argv.slice(i));
      break;
    }
    const [option, inline] = word.split(/=(.*)/s);
    if (option === '--json') json = true;
    else if (option === '--no-wait') wait = false;
    else if (option === '--data' || option === '--as') {
      const value = inline ?? argv[++i];
      if (value === undefined || value === '') return `${option} needs a value.`;
      if (option === '--data') data = value;
      else as = value;
    } else words.push(word);
  }
  return { data, json, as: as ?? ownName(env), wait, words };
}

/** The user's name at the operating system, as far as it may stand in one. */
function ownName(env: NodeJS.ProcessEnv): string {
  try {
    return (
      userInfo()
        .username.replace(/[^\w.@-]/g, '-')
        .slice(0, 64) || 'someone'
    );
  } catch {
    return env['USER']?.replace(/[^\w.@-]/g, '-').slice(0, 64) || 'someone';
  }
}
