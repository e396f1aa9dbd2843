/** How to reach a workspace: Slack, or any server that speaks its protocol. */
export interface ChatConfig {
  readonly botToken: string;
  /** With it Socket Mode, else signed HTTP with `signingSecret`. */
  readonly appToken?: string;
  readonly signingSecret?: string;
  /** Base of the Web API with a slash at its end; default: Slack. */
  readonly apiUrl?: string;
  /** Name or id of the channel for operations that were asked for elsewhere. */
  readonly channel: string;
  /** Before the short command names. */
  readonly prefix: string;
  readonly pace: Pace;
}

export interface Pace {
  readonly editsPerMinute: number;
  readonly editSpacingMs: number;
  readonly postSpacingMs: number;
}

/** Slack's: chat.update is Tier 3 (50 a minute for the workspace), posting one a second in a channel. */
const slackPace: Pace = { editsPerMinute: 45, editSpacingMs: 3_000, postSpacingMs: 1_000 };

/** For the local workspace without rate limits: as fast as an eye can follow. */
export const localPace: Pace = { editsPerMinute: 1_200, editSpacingMs: 250, postSpacingMs: 0 };

interface Settings {
  readonly SLACK_BOT_TOKEN?: string | undefined;
  readonly SLACK_APP_TOKEN?: string | undefined;
  readonly SLACK_SIGNING_SECRET?: string | undefined;
  readonly SLACK_API_URL?: string | undefined;
  readonly SLACK_CHANNEL: string;
  readonly SLACK_COMMAND_PREFIX: string;
  readonly SLACK_LATENCY: 'off' | 'on' | 'slack';
}

/**
 * Slack when its tokens are set, else the local workspace. `local` is where the local workspace listens and the
 * tokens it takes.
 */
export function chatConfig(
  settings: Settings,
  local: { apiUrl: string; botToken: string; appToken: string },
): ChatConfig & { readonly isLocal: boolean } {
  const {
    SLACK_BOT_TOKEN: botToken,
    SLACK_APP_TOKEN: appToken,
    SLACK_SIGNING_SECRET: signingSecret,
    SLACK_API_URL: apiUrl,
  } = settings;
  const common = { channel: settings.SLACK_CHANNEL, prefix: settings.SLACK_COMMAND_PREFIX };
  if (botToken === undefined || (appToken === undefined && signingSecret === undefined)) {
    return { ...common, ...local, isLocal: true, pace: settings.SLACK_LATENCY === 'off' ? localPace : slackPace };
  }
  return {
    ...common,
    botToken,
    isLocal: false,
    pace: slackPace,
    ...(appToken !== undefined && { appToken }),
    ...(signingSecret !== undefined && { signingSecret }),
    ...(apiUrl !== undefined && { apiUrl }),
  };
}
