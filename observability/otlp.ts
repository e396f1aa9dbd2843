import type { Attributes } from '../platform/telemetry/telemetry';

/** The parts of OTLP/JSON that we read (opentelemetry-proto 1.x): lower camel case, ids in hex, 64-bit numbers as text. */
export interface AnyValue {
  readonly stringValue?: unknown;
  readonly boolValue?: unknown;
  readonly intValue?: unknown;
  readonly doubleValue?: unknown;
  readonly bytesValue?: unknown;
  readonly arrayValue?: { readonly values?: readonly AnyValue[] };
  readonly kvlistValue?: { readonly values?: readonly KeyValue[] };
}

export interface KeyValue {
  readonly key?: unknown;
  readonly value?: AnyValue;
}

export interface OtlpScope {
  readonly name?: string;
  readonly version?: string;
}

export interface OtlpSpanEvent {
  readonly name?: unknown;
  readonly timeUnixNano?: unknown;
  readonly attributes?: readonly KeyValue[];
}

export type PlainValue =
  | string
  | number
  | boolean
  | null
  | readonly PlainValue[]
  | { readonly [key: string]: PlainValue };

/** Nesting that is followed; deeper values are left out. */
const DEPTH_LIMIT = 8;

export function plainValue(value: AnyValue | undefined, depth = 0): PlainValue {
  if (value === undefined || value === null || depth > DEPTH_LIMIT) return null;
  if (value.stringValue !== undefined) return String(value.stringValue);
  if (value.boolValue !== undefined) return value.boolValue === true;
  if (value.intValue !== undefined) return Number(value.intValue);
  if (value.doubleValue !== undefined) return Number(value.doubleValue);
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map((one) => plainValue(one, depth + 1));
  if (value.kvlistValue !== undefined) return plainObject(value.kvlistValue.values, depth + 1);
  if (value.bytesValue !== undefined) return String(value.bytesValue);
  return null;
}

function plainObject(pairs: readonly KeyValue[] | undefined, depth: number): { [key: string]: PlainValue } {
  return Object.fromEntries((pairs ?? []).map(({ key, value }) => [String(key), plainValue(value, depth)]));
}

/** Attributes with dotted keys: nested objects are flattened, lists of other things than scalars become JSON. */
export function attributesOf(pairs: readonly KeyValue[] | undefined): Attributes {
  const attributes: Record<string, Attributes[string]> = {};
  for (const { key, value } of pairs ?? []) flatten(String(key), plainValue(value), attributes);
  return attributes;
}

function flatten(key: string, value: PlainValue, into: Record<string, Attributes[string]>): void {
  if (value === null) return;
  if (typeof value === 'number') {
    if (Number.isFinite(value)) into[key] = value;
  } else if (typeof value !== 'object') {
    into[key] = value;
  } else if (isList(value)) {
    into[key] = value.every(isScalar) ? value : JSON.stringify(value);
  } else {
    for (const [name, part] of Object.entries(value)) flatten(`${key}.${name}`, part, into);
  }
}

function isList(value: object): value is readonly PlainValue[] {
  return Array.isArray(value);
}

function isScalar(value: PlainValue): value is string | number | boolean {
  return value !== null && typeof value !== 'object';
}

/** Microseconds since 1970 of a time in nanoseconds; undefined when it is absent, zero, or no time. */
export function microsecondsOf(nanoseconds: unknown): number | undefined {
  if (typeof nanoseconds !== 'string' && typeof nanoseconds !== 'number') return undefined;
  const text = String(nanoseconds);
  // Digits are cut instead of divided: a number of JavaScript is exact to 2^53, which is 104 days in nanoseconds.
  const value = /^\d+$/.test(text) ? Number(text.slice(0, -3)) : Math.floor(Number(text) / 1_000);
  return Number.isSafeInteger(value) && value > 0 && value <= LAST_MICROSECOND ? value : undefined;
}

/** End of the year 9999, the last that ISO 8601 writes with four digits. */
const LAST_MICROSECOND = 253_402_300_799_999_000;

export function isoTime(microseconds: number): string {
  return new Date(Math.floor(microseconds / 1_000)).toISOString();
}

/** Lower-case hex of the right length that is not all zero; undefined for anything else. */
export function hexId(value: unknown, digits: 16 | 32): string | undefined {
  if (typeof value !== 'string' || value.length !== digits) return undefined;
  const id = value.toLowerCase();
  return /^[0-9a-f]+$/.test(id) && !/^0+$/.test(id) ? id : undefined;
}
