/**
 * The one error people may see. `code` is stable and looks up its remedy; `message` says what happened, where, with
 * which value. Anything else that is thrown is a bug and is shown as "internal error" with a trace id.
 */
export class EdwinError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'EdwinError';
    this.code = code;
  }

  get remedy(): string {
    return remedies[this.code];
  }
}

export type ErrorCode = keyof typeof remedies;

/** The message and what to do about it, for a person. */
export function explain(error: unknown): string {
  if (error instanceof EdwinError) return `${error.message} ${error.remedy}`.trim();
  return 'Internal error.';
}

export function hasCode(error: unknown, code: ErrorCode): error is EdwinError {
  return error instanceof EdwinError && error.code === code;
}

/** Code → what a person can do. `docs/errors.md` is generated from this list. */
export const remedies = {
  // starting
  'start.already-running': 'Use the running one, or stop it first (Ctrl-C in its terminal).',
  'start.port-taken': 'Stop what listens there, or choose another port with --port.',
  'start.disk-full': 'Free some space on the disk that holds the data folder, or choose another with --data.',
  'start.server-refused': 'See the log of that server; `docker compose up -d` runs the setup again.',
  'start.data-folder': 'Check that the data folder exists and that you may write to it, or choose another with --data.',
  'start.program-died': 'See the log it names; start again when the cause is gone.',
  'start.missing-library':
    'Run `npm ci` again on this machine; on Linux check that glibc is there (Alpine is not supported).',
  'start.not-running': 'Start Edwin first: npx edwin up',
  'start.too-old': 'Install Node 20.19 or newer.',
  // configuration and catalog
  'config.invalid': 'Correct the settings named above; docs/configuration.md lists all of them.',
  'catalog.missing': 'Create edwin.yaml, or name another file with --catalog.',
  'catalog.invalid': 'Correct the lines named above; docs/catalog.md explains every key.',
  'secret.missing': 'Set it with: npx edwin secret set ENVIRONMENT NAME',
  // ports
  'database.unreachable': 'Check that PostgreSQL runs at the address and that the network lets you through.',
  'database.refused': 'Check user, password, database and certificate of this environment.',
  'database.newer-schema': 'This database was migrated by a newer Edwin. Start that version, or a newer one.',
  'database.start-failed': 'See the end of its log above; a full disk and a missing library are the usual causes.',
  'queue.unreachable': 'Check that the queue server runs; messages are kept and sent when it is back.',
  'queue.refused': 'Check the credentials of this environment.',
  'queue.taken': 'Empty and delete that queue, or give this environment a virtual host of its own.',
  'queue.closed': 'The program is stopping; start it again.',
  'registry.unreachable': 'Check that the registry runs at the address.',
  'registry.refused': 'Check the credentials of this environment.',
  'registry.closed': 'The program is stopping; start it again.',
  'telemetry.unreachable': 'Check that the telemetry store runs; documents wait until it is back.',
  'telemetry.refused': 'Check the credentials of the telemetry store.',
  'telemetry.full': 'Free space in the telemetry store.',
  'telemetry.closed': 'The program is stopping; start it again.',
  'telemetry.wrong-version': 'Use a version of the telemetry store that docs/configuration.md lists.',
  'graph.unreachable': 'Check that the graph store runs at the address.',
  'graph.closed': 'The program is stopping; what it did not record waits and is recorded later.',
  'graph.refused': 'Check the credentials of this environment.',
  'hosts.unknown-host': 'See `edwin status` for the hosts there are.',
  'hosts.unreachable': 'Check that the host is up; its instances are unknown until then.',
  'hosts.refused': 'Check the certificates, or the SSH key, that the hosts file names for this host.',
  'hosts.start-failed': 'See the message above; correct the release and deploy again.',
  'hosts.unknown-instance': 'See `edwin status` for the instances there are.',
  'hosts.still-running': 'Stop the instance first.',
  'images.unknown-ref': 'Name a branch, tag or commit of the repository.',
  'images.build-failed': 'Correct what the build says, commit, and build again.',
  'images.not-a-repository': 'Edwin builds commits: put the project under git (git init, git add, git commit).',
  'images.missing': 'Build it again: /build SERVICE COMMIT',
  'images.damaged': 'Remove what it names and build the commit again.',
  'images.unreachable':
    'Check that the image registry and the engine it names run, and that the network lets you through.',
  'images.refused': 'Check user, password or login command of the image registry, and what they may do there.',
  'images.disk-full': 'Free some space on the host it names (docker system prune), then try again.',
  'edge.unreachable': 'The edge restarts by itself; try again in a few seconds.',
  'edge.refused': 'Check EDGE_TOKEN, or that Edwin may use the control socket of HAProxy.',
  'edge.not-written': 'Let Edwin write into the folder of HAProxy’s pools; HAProxy’s log says what it does not take.',
  'edge.unknown-server': 'See `edwin status` for the instances there are.',
  'edge.busy': 'Wait until its requests are answered, or remove it by force.',
  // operations
  'fleet.unknown-service': 'See `edwin status` for the services there are.',
  'fleet.unknown-environment': 'See `edwin status` for the environments there are.',
  'fleet.unknown-release': 'See `/releases SERVICE` for the releases there are.',
  'fleet.nothing-built': 'Build it first: /build SERVICE',
  'fleet.nothing-proven': 'Deploy to the environment before it first.',
  'fleet.nothing-before': 'Name a release: /releases SERVICE lists them.',
  'fleet.busy': 'Wait until it is done; /edwin status shows it.',
  'fleet.already-serving': 'Nothing to do.',
  'fleet.fenced': 'Another controller has taken over this operation; nothing is lost.',
  'fleet.unknown-operation': 'See `/history SERVICE` for the operations there are.',
  // chat
  'chat.unknown-command': 'Type /edwin help.',
  'chat.usage': 'Type /edwin help COMMAND for examples.',
  'chat.not-allowed': 'Ask someone who may, or an operator to give you the role.',
  'chat.unreachable': 'Check the network and the tokens of the Slack app.',
  // services
  'messenger.rejected': 'See the error code in the platform documentation of Messenger.',
  'mailer.unreachable': 'Messenger delivers the messages again; see `edwin status` for the instances of mailer.',
  'messenger.unreachable': 'The message is kept and sent when the address answers again.',
  // simulating the autoscaler
  'autoscaler.bad-policy': 'Correct the places that are named; docs/autoscaling.md lists what a policy may say.',
  'autoscaler.bad-state':
    'Move the saved state away: the autoscaler then learns anew from the history of the telemetry store.',
  'simulate.bad-trace': 'A trace is rows of timestamp,count in the order of time, in one step of 1 s to 1 h.',
  'simulate.unreadable-trace': 'Name a CSV file that you may read.',
  'simulate.usage': 'Type edwin autoscaler simulate --help.',
} as const;
