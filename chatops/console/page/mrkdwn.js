/**
 * Slack's mrkdwn as a tree. Pure. Nodes: `{t: 'text', v}`, `{t: 'b' | 'i' | 's' | 'quote', c: nodes}`,
 * `{t: 'code' | 'pre', v}`, `{t: 'link', url, c}`, `{t: 'user' | 'channel' | 'group', id, label}`,
 * `{t: 'broadcast', v}`, `{t: 'date', at, v}`, `{t: 'emoji', v}`. Entities are decoded exactly once, in leaves.
 */
export function parseMrkdwn(text) {
  return blocks(text);
}

export function decode(text) {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** Only addresses a person may safely be sent to. */
export function safeUrl(url) {
  return /^(https?:|mailto:)/i.test(url) || /^#/.test(url) ? url : undefined;
}

function blocks(text) {
  const parts = text.split(/```([\s\S]+?)```/);
  return parts.flatMap((part, index) => {
    if (index % 2 === 1) return [{ t: 'pre', v: plain(part.replace(/^\n|\n$/g, '')) }];
    return quotes(index > 0 ? part.replace(/^\n/, '') : part);
  });
}

function quotes(text) {
  const out = [];
  let lines = [];
  let quoted = false;
  const flush = () => {
    if (lines.length > 0) {
      const inner = inline(lines.join('\n'));
      if (quoted) out.push({ t: 'quote', c: inner });
      else out.push(...inner);
    }
    lines = [];
  };
  for (const line of text.split('\n')) {
    const match = /^&gt; ?(.*)$/.exec(line);
    if ((match !== null) !== quoted) {
      flush();
      quoted = match !== null;
    }
    lines.push(match ? match[1] : line);
  }
  flush();
  return out;
}

const special = /`([^`\n]+)`|<([^<>\n]+)>|:([a-z0-9_+-]+):/;
const styles = [
  ['b', '*'],
  ['i', '_'],
  ['s', '~'],
];

function inline(text) {
  const match = special.exec(text);
  if (match === null) return styled(text, 0);
  // A style may span what is inside: `*see <url|this>*`.
  const spanning = span(text);
  if (spanning && spanning.start < match.index) {
    return [
      ...inline(text.slice(0, spanning.start)),
      { t: spanning.style, c: inline(spanning.inner) },
      ...inline(text.slice(spanning.end)),
    ];
  }
  const before = styled(text.slice(0, match.index), 0);
  const after = inline(text.slice(match.index + match[0].length));
  return [...before, leaf(match), ...after];
}

function span(text) {
  let first;
  for (const [style, mark] of styles) {
    const found = matchStyle(text, mark);
    if (found && (first === undefined || found.start < first.start)) first = { ...found, style };
  }
  return first;
}

function matchStyle(text, mark) {
  const m = `\\${mark}`;
  const match = new RegExp(`(^|[^A-Za-z0-9${m}])${m}(?=\\S)([^${m}\\n]*\\S)${m}(?![A-Za-z0-9${m}])`).exec(
    text.replace(/`[^`\n]+`|<[^<>\n]+>/g, (hidden) => 'x'.repeat(hidden.length)),
  );
  if (match === null) return undefined;
  const start = match.index + match[1].length;
  const end = start + match[2].length + 2;
  return { start, end, inner: text.slice(start + 1, end - 1) };
}

function styled(text) {
  if (text === '') return [];
  const found = span(text);
  if (found === undefined) return [{ t: 'text', v: decode(text) }];
  return [
    ...styled(text.slice(0, found.start)),
    { t: found.style, c: inline(found.inner) },
    ...styled(text.slice(found.end)),
  ];
}

function leaf([, code, reference, emoji]) {
  if (code !== undefined) return { t: 'code', v: plain(code) };
  if (emoji !== undefined) return { t: 'emoji', v: emoji };
  return referenceNode(reference);
}

function referenceNode(reference) {
  const [target, ...rest] = reference.split('|');
  const label = rest.length > 0 ? decode(rest.join('|')) : undefined;
  if (target.startsWith('@')) return { t: 'user', id: target.slice(1), label };
  if (target.startsWith('#')) return { t: 'channel', id: target.slice(1), label };
  if (target.startsWith('!subteam^')) return { t: 'group', id: target.slice(9), label };
  if (target.startsWith('!date^')) return { t: 'date', at: Number(target.split('^')[1]) * 1000, v: label ?? '' };
  if (target.startsWith('!')) return { t: 'broadcast', v: target.slice(1).split('^')[0] };
  const url = decode(target);
  return { t: 'link', url: safeUrl(url), c: [{ t: 'text', v: label ?? url }] };
}

/** In code there are references as well, shown as what they name. */
function plain(text) {
  return decode(text.replace(/<([^<>\n|]+)(?:\|([^<>\n]+))?>/g, (_whole, target, label) => label ?? target));
}
