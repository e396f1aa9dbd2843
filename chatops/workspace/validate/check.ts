import { isObject, type Json } from '../json';

/** One thing that is wrong, and where, as Slack reports it: `must be less than 151 characters [json-pointer:/blocks/0/text/text]`. */
export interface Report {
  add(pointer: string, text: string): void;
  readonly problems: readonly string[];
}

/** Looks at one value and reports what is wrong with it. */
export type Rule = (value: unknown, pointer: string, report: Report) => void;

export function createReport(): Report {
  const problems: string[] = [];
  return { problems, add: (pointer, text) => void problems.push(`${text} [json-pointer:${pointer}]`) };
}

export const anything: Rule = () => undefined;

export function all(...rules: readonly Rule[]): Rule {
  return (value, pointer, report) => {
    for (const rule of rules) rule(value, pointer, report);
  };
}

export function string(max: number, min = 0): Rule {
  return (value, pointer, report) => {
    if (typeof value !== 'string') return report.add(pointer, 'failed to match all allowed schemas: must be a string');
    // Slack counts characters as people see them in most places: code points, not UTF-16 units.
    const length = [...value].length;
    if (length > max) report.add(pointer, `must be less than ${max + 1} characters`);
    if (length < min) report.add(pointer, `must be more than ${min - 1} characters`);
  };
}

export const flag: Rule = (value, pointer, report) => {
  if (typeof value !== 'boolean') report.add(pointer, 'must be a boolean');
};

export function whole(min: number, max: number): Rule {
  return (value, pointer, report) => {
    if (!Number.isInteger(value)) return report.add(pointer, 'must be an integer');
    if ((value as number) < min || (value as number) > max) report.add(pointer, `must be between ${min} and ${max}`);
  };
}

export function oneOf(...allowed: readonly string[]): Rule {
  return (value, pointer, report) => {
    if (!allowed.includes(value as string)) report.add(pointer, `must be one of: ${allowed.join(', ')}`);
  };
}

export const link: Rule = (value, pointer, report) => {
  string(3000, 1)(value, pointer, report);
  if (typeof value === 'string' && !URL.canParse(value)) report.add(pointer, 'must be a valid URL');
};

export function list(rule: Rule, bounds: { readonly min?: number; readonly max: number }): Rule {
  return (value, pointer, report) => {
    if (!Array.isArray(value)) return report.add(pointer, 'must be an array');
    if (value.length > bounds.max) report.add(pointer, `no more than ${bounds.max} items allowed`);
    if (value.length < (bounds.min ?? 0)) report.add(pointer, `no less than ${bounds.min} items allowed`);
    for (const [index, item] of value.entries()) rule(item, `${pointer}/${index}`, report);
  };
}

export interface Field {
  readonly rule: Rule;
  readonly required: boolean;
}

export const must = (rule: Rule): Field => ({ rule, required: true });
export const may = (rule: Rule): Field => ({ rule, required: false });

/** Fields that are not named are Slack's future and pass. */
export function object(fields: Readonly<Record<string, Field>>): Rule {
  return (value, pointer, report) => {
    if (!isObject(value)) return report.add(pointer, 'must be an object');
    for (const [name, { rule, required }] of Object.entries(fields)) {
      if (value[name] !== undefined && value[name] !== null) rule(value[name], `${pointer}/${name}`, report);
      else if (required) report.add(pointer, `missing required field: ${name}`);
    }
  };
}

/** At least one of the named fields must be there. */
export function needs(...names: readonly string[]): Rule {
  return (value, pointer, report) => {
    if (isObject(value) && names.every((name) => value[name] === undefined)) {
      report.add(pointer, `missing required field: ${names.join(' or ')}`);
    }
  };
}

/** Chooses the rule by the object's `type`. */
export function byType(rules: Readonly<Record<string, Rule>>): Rule {
  return (value, pointer, report) => {
    if (!isObject(value)) return report.add(pointer, 'must be an object');
    const rule = Object.hasOwn(rules, String(value['type'])) ? rules[String(value['type'])] : undefined;
    if (value['type'] === undefined) report.add(pointer, 'missing required field: type');
    else if (rule === undefined) report.add(`${pointer}/type`, `unsupported type: ${String(value['type'])}`);
    else rule(value, pointer, report);
  };
}

/** A text object; `plain` allows no mrkdwn. */
export function text(kind: 'plain' | 'any', max: number, min = 1): Rule {
  const content = object({ text: must(string(max, min)) });
  return (value, pointer, report) => {
    if (!isObject(value)) return report.add(pointer, 'must be an object');
    const allowed = kind === 'plain' ? ['plain_text'] : ['plain_text', 'mrkdwn'];
    if (!allowed.includes(value['type'] as string))
      report.add(`${pointer}/type`, `must be one of: ${allowed.join(', ')}`);
    if (value['type'] === 'mrkdwn' && value['emoji'] !== undefined)
      report.add(`${pointer}/emoji`, 'not allowed in mrkdwn');
    content(value, pointer, report);
  };
}

/** The same id twice is refused; `read` finds the id of an item. */
export function unique(name: string): Rule {
  return (value, pointer, report) => {
    if (!Array.isArray(value)) return;
    const seen = new Set<unknown>();
    for (const [index, item] of (value as Json[]).entries()) {
      const id = isObject(item) ? item[name] : undefined;
      if (id !== undefined && seen.has(id))
        report.add(`${pointer}/${index}/${name}`, `\`${name}\` ${String(id)} already exists`);
      seen.add(id);
    }
  };
}
