import { safeUrl } from './mrkdwn.js';

/**
 * Standard Markdown of `markdown` blocks, the part that chat messages use: headings, lists, quotes, fences, bold,
 * italic, strike, code, links. Pure; nodes as in mrkdwn.js, and `{t: 'h' | 'p' | 'li', c}`, `{t: 'ul' | 'ol', c}`.
 */
export function parseMarkdown(text) {
  const out = [];
  const lines = text.split('\n');
  let index = 0;
  while (index < lines.length) {
    const line = lines[index];
    if (/^\s*```/.test(line)) {
      const end = lines.findIndex((candidate, at) => at > index && /^\s*```\s*$/.test(candidate));
      const stop = end < 0 ? lines.length : end;
      out.push({ t: 'pre', v: lines.slice(index + 1, stop).join('\n') });
      index = stop + 1;
    } else if (/^#{1,6}\s/.test(line)) {
      out.push({ t: 'h', c: inline(line.replace(/^#+\s+/, '')) });
      index += 1;
    } else if (/^\s*([-*+]|\d+\.)\s/.test(line)) {
      const ordered = /^\s*\d/.test(line);
      const items = takeWhile(lines, index, (candidate) => /^\s*([-*+]|\d+\.)\s/.test(candidate));
      out.push({
        t: ordered ? 'ol' : 'ul',
        c: items.map((item) => ({ t: 'li', c: inline(item.replace(/^\s*([-*+]|\d+\.)\s+/, '')) })),
      });
      index += items.length;
    } else if (/^>/.test(line)) {
      const quoted = takeWhile(lines, index, (candidate) => /^>/.test(candidate));
      out.push({ t: 'quote', c: inline(quoted.map((item) => item.replace(/^>\s?/, '')).join('\n')) });
      index += quoted.length;
    } else if (line.trim() === '') index += 1;
    else {
      const paragraph = takeWhile(
        lines,
        index,
        (candidate) => candidate.trim() !== '' && !/^(\s*```|#{1,6}\s|>|\s*([-*+]|\d+\.)\s)/.test(candidate),
      );
      out.push({ t: 'p', c: inline(paragraph.join('\n')) });
      index += Math.max(1, paragraph.length);
    }
  }
  return out;
}

const patterns = [
  [/`([^`\n]+)`/, ([, code]) => ({ t: 'code', v: code })],
  [/\[([^\]\n]+)\]\(([^()\s]+)\)/, ([, label, url]) => ({ t: 'link', url: safeUrl(url), c: inline(label) })],
  [/\*\*(?=\S)([\s\S]*?\S)\*\*/, ([, inner]) => ({ t: 'b', c: inline(inner) })],
  [/~~(?=\S)([\s\S]*?\S)~~/, ([, inner]) => ({ t: 's', c: inline(inner) })],
  [/(?<![A-Za-z0-9*])\*(?=[^\s*])([^*\n]*[^\s*])\*(?![A-Za-z0-9*])/, ([, inner]) => ({ t: 'i', c: inline(inner) })],
  [/(?<![A-Za-z0-9_])_(?=[^\s_])([^_\n]*[^\s_])_(?![A-Za-z0-9_])/, ([, inner]) => ({ t: 'i', c: inline(inner) })],
  [/https?:\/\/[^\s<>()]+[^\s<>().,;:!?]/, ([url]) => ({ t: 'link', url, c: [{ t: 'text', v: url }] })],
];

function inline(text) {
  let first;
  for (const [pattern, make] of patterns) {
    const match = pattern.exec(text);
    if (match && (first === undefined || match.index < first.match.index)) first = { match, make };
  }
  if (first === undefined) return text === '' ? [] : [{ t: 'text', v: text }];
  const { match, make } = first;
  return [...inline(text.slice(0, match.index)), make(match), ...inline(text.slice(match.index + match[0].length))];
}

function takeWhile(lines, start, test) {
  let end = start;
  while (end < lines.length && test(lines[end])) end += 1;
  return lines.slice(start, end);
}
