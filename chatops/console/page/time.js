/** Spans of time and points in time as short words. Pure: `now` is passed in. Milliseconds. */

/** `0.9 s`, `38 s`, `1 min 9 s`, `2 h 5 min`. */
export function duration(ms) {
  if (ms < 1000) return ms < 100 ? `${Math.max(0, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min${seconds % 60 ? ` ${seconds % 60} s` : ''}`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ''}`;
}

/** `now`, `38 s`, `38 min`, `5 h`, `2 days`. */
export function age(at, now) {
  const seconds = Math.max(0, (now - new Date(at).getTime()) / 1000);
  if (seconds < 5) return 'now';
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  const days = Math.floor(seconds / 86_400);
  return `${days} ${days === 1 ? 'day' : 'days'}`;
}

export const ago = (at, now) => (age(at, now) === 'now' ? 'just now' : `${age(at, now)} ago`);

/** Absolute, for titles. */
export const absolute = (at) => new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** `10:31`, with the day when it was another one. */
export function clock(at, now) {
  const date = new Date(at);
  const time = date.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', hour12: false });
  if (date.toDateString() === new Date(now).toDateString()) return time;
  return `${date.toLocaleDateString(undefined, { day: 'numeric', month: 'short' })}, ${time}`;
}

/** `10:31:07.042` */
export function exact(at) {
  const date = new Date(at);
  return `${date.toLocaleTimeString(undefined, { hour12: false })}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** Slack's timestamp as milliseconds. */
export const ofTs = (ts) => Number(ts) * 1000;
