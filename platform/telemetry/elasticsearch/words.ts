import type { estypes } from '@elastic/elasticsearch';
import { field } from './streams';

/** Letters and digits that the analyzer keeps together: what stands between others is part of one term. */
const piece = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{Nd}]+/gu;

/** Slow, and exact: reads the document. `t` is the text as it was sent. */
const holds =
  'String t = params._source.body?.text; emit(t != null && t.toLowerCase(Locale.ROOT).contains(params.word))';

/**
 * Filters for lines in whose text each word of `text` stands, in any case and as a part of a longer word, too. The index
 * knows terms of letters and digits only; a word with other signs in it is looked up by its pieces, and what that finds
 * is read.
 */
export function wordsQuery(text: string | undefined): {
  readonly filters: estypes.QueryDslQueryContainer[];
  readonly runtime: estypes.MappingRuntimeFields;
} {
  const filters: estypes.QueryDslQueryContainer[] = [];
  const runtime: estypes.MappingRuntimeFields = {};
  for (const [index, word] of (text ?? '').toLowerCase().split(/\s+/).filter(Boolean).entries()) {
    const pieces = word.match(piece) ?? [];
    for (const value of pieces) filters.push({ wildcard: { [field.text]: { value: `*${value}*` } } });
    if (pieces[0] === word) continue;
    const name = `holds_${index}`;
    runtime[name] = { type: 'boolean', script: { source: holds, params: { word } } };
    filters.push({ term: { [name]: true } });
  }
  return { filters, runtime };
}
