/**
 * Spans of a trace as rows: children under their parents by start, a span whose parent is not there at the top.
 * Pure. Gives `{rows: [{span, depth, left, width}], services, start, total}`; shares in percent.
 */
export function waterfall(spans) {
  if (spans.length === 0) return { rows: [], services: [], start: 0, total: 0 };
  const known = new Set(spans.map(({ id }) => id));
  const children = new Map();
  const sorted = [...spans].sort((a, b) => a.start - b.start || b.durationMs - a.durationMs);
  for (const span of sorted) {
    const parent = span.parent !== undefined && known.has(span.parent) && span.parent !== span.id ? span.parent : '';
    children.set(parent, [...(children.get(parent) ?? []), span]);
  }
  const start = sorted[0].start;
  const end = Math.max(...sorted.map((span) => span.start + span.durationMs));
  const total = Math.max(0.001, end - start);
  const rows = [];
  const walk = (parent, depth) => {
    for (const span of children.get(parent) ?? []) {
      rows.push({ span, depth, left: (100 * (span.start - start)) / total, width: (100 * span.durationMs) / total });
      if (depth < 60) walk(span.id, depth + 1);
    }
  };
  walk('', 0);
  return { rows, services: [...new Set(sorted.map(({ service }) => service))], start, total };
}
