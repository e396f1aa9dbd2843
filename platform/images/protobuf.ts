/**
 * As much of Protocol Buffers as BuildKit's messages need: fields by number, nested messages left as bytes.
 * Source: protobuf.dev, "Encoding".
 */
export function fieldsOf(message: Buffer): Map<number, Buffer[]> {
  const fields = new Map<number, Buffer[]>();
  let at = 0;
  const varint = (): number => {
    let [value, scale] = [0, 1];
    for (let byte = 0x80; byte >= 0x80; scale *= 128) {
      byte = message[at++] ?? 0;
      value += (byte & 0x7f) * scale;
    }
    return value;
  };
  while (at < message.length) {
    const tag = varint();
    const start = at;
    const kind = tag & 7;
    let from = start;
    if (kind === 0) varint();
    else if (kind === 2) {
      const length = varint();
      from = at;
      at += length;
    } else at += kind === 1 ? 8 : 4;
    const number = Math.floor(tag / 8);
    fields.set(number, [...(fields.get(number) ?? []), message.subarray(from, at)]);
  }
  return fields;
}

/** A field of text. */
export function stringField(number: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  const length: number[] = [];
  for (let rest = bytes.length; ; rest = Math.floor(rest / 128)) {
    length.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    if (rest < 128) break;
  }
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), bytes]);
}
