import { LogLevel, type Logger as SlackLogger } from '@slack/bolt';
import type { Logger } from '../../platform/log';

/** The SDKs' own words, in our log. Their `info` and `debug` are about every frame, and stay out. */
export function sdkLogger(log: Logger): SlackLogger {
  const text = (parts: unknown[]): string => parts.map(String).join(' ').slice(0, 500);
  return {
    debug: () => undefined,
    info: () => undefined,
    warn: (...parts) => log.debug({ sdk: 'slack' }, text(parts)),
    error: (...parts) => log.debug({ sdk: 'slack' }, text(parts)),
    setLevel: () => undefined,
    getLevel: () => LogLevel.WARN,
    setName: () => undefined,
  };
}
