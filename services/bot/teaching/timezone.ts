const cities = new Map(Intl.supportedValuesOf('timeZone').map((zone) => [plain(zone.split('/').at(-1)!), zone]));

/** The IANA name for what a student typed (“europe/berlin”, “New York”, “UTC”); undefined when there is no such zone. */
export function timeZoneNamed(text: string): string | undefined {
  const asked = text
    .trim()
    .replace(/[.!?]+$/, '')
    .replace(/\s+/g, '_');
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]{1,63}$/.test(asked)) return undefined;
  return valid(asked) ?? cities.get(plain(asked));
}

/** `18:45`, the time of day there. */
export function clockIn(timeZone: string, now: Date): string {
  return now.toLocaleTimeString('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' });
}

function valid(name: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, '');
}
