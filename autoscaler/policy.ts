import { z } from 'zod';
import { EdwinError } from '../platform/errors';
import { calendarRule, date, zone } from './calendar';

const word = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be a lower-case word of letters, digits and dashes');
const seconds = z.number().positive().max(86_400);
const count = z.int().min(0).max(10_000);

/** `99 % begin within 5 s` */
const promise = z
  .string()
  .regex(
    /^\s*\d\d(\.\d{1,3})?\s*% begin within \d+(\.\d+)?\s*(ms|s|min)\s*$/,
    'must be a promise such as "99 % begin within 5 s"',
  )
  .transform((text) => {
    const [share, within] = text.match(/\d+(\.\d+)?/g)!.map(Number) as [number, number];
    const unit = /ms\s*$/.test(text) ? 0.001 : /min\s*$/.test(text) ? 60 : 1;
    return { text: text.trim(), share: share / 100, withinSeconds: within * unit };
  })
  .refine(({ share }) => share >= 0.5 && share <= 0.9999, 'must promise from 50 % to 99.99 %')
  .refine(({ withinSeconds }) => withinSeconds >= 0.1, 'must allow 100 ms at least')
  .meta({ description: 'What capacity is for: the share of messages that begin to be worked on in time' });

const calendar = z
  .array(calendarRule)
  .max(100)
  .default([])
  .meta({ description: 'Floors and caps by time of day, day of week, date, or for a planned event' });

const service = z
  .strictObject({
    promise: promise.prefault('99 % begin within 5 s'),
    pool: word.default('default').meta({ description: 'Hosts it runs on' }),
    min: count.default(1).meta({ description: 'Instances that always run' }),
    max: count.default(1000).meta({ description: 'Instances that run at most' }),
    keepSeconds: seconds.default(300).meta({ description: 'How long an instance stays after it was needed last' }),
    calendar,
  })
  .refine(({ min, max }) => min <= max, 'min ≤ max must hold');

const hostType = z.strictObject({
  name: z.string().min(1).max(60).meta({ description: 'As the provider calls it' }),
  pricePerHour: z.number().min(0).default(0).meta({ description: 'For caps on cost, in any currency' }),
});

const pool = z
  .strictObject({
    types: z
      .array(hostType)
      .min(1)
      .max(10)
      .prefault([{ name: 'host' }])
      .meta({ description: 'In the order in which they are tried; all of one size' }),
    zones: z.array(word).min(1).max(10).default(['a']).meta({ description: 'Hosts are spread evenly over them' }),
    min: count.default(1).meta({ description: 'Hosts that are always there' }),
    max: count.default(20).meta({ description: 'Hosts at most' }),
    warm: count.default(0).meta({ description: 'Hosts kept ready beyond what is needed' }),
    bootSeconds: seconds.max(7200).default(600).meta({ description: 'From launch to ready, until it was measured' }),
    giveUpSeconds: seconds.optional().meta({
      description: 'A host that boots longer is given up; default: 2.5 boots, or 1.25 of the longest of 10 and more',
    }),
    keepSeconds: seconds.optional().meta({
      description: 'How long a host stays after it was needed last; default: by replay, from 0.7 to 1.5 boots',
    }),
    spendPerHour: z.number().positive().optional().meta({ description: 'Cap on the price of all hosts together' }),
    largestStep: z
      .strictObject({ out: z.int().min(1).default(1000), in: z.int().min(1).default(1000) })
      .prefault({})
      .meta({ description: 'Hosts that are launched or given back at most in one decision' }),
    calendar,
  })
  .refine(({ min, max }) => min <= max, 'min ≤ max must hold')
  .refine(
    ({ spendPerHour, types }) => spendPerHour === undefined || types.every(({ pricePerHour }) => pricePerHour > 0),
    'spendPerHour needs the pricePerHour of every type',
  );

/** docs/autoscaling.md tells it to people. */
export const policySchema = z
  .strictObject({
    timeZone: zone.default('UTC').meta({ description: 'Of all calendars, e.g. Europe/Prague' }),
    holidays: z.array(date).max(1000).default([]).meta({ description: 'Dates that calendars can name by one word' }),
    staleSeconds: seconds.default(120).meta({ description: 'Figures older than that decide nothing' }),
    services: z.record(word, service).refine((services) => Object.keys(services).length > 0, 'needs a service'),
    pools: z.record(word, pool).prefault({ default: {} }),
  })
  .superRefine(({ services, pools }, context) => {
    for (const [name, { pool: wanted }] of Object.entries(services))
      if (pools[wanted] === undefined)
        context.addIssue({ code: 'custom', path: ['services', name, 'pool'], message: `there is no pool ${wanted}` });
  });

export type Policy = z.infer<typeof policySchema>;
export type ServicePolicy = Policy['services'][string];
export type PoolPolicy = Policy['pools'][string];

/** Reads a policy that was parsed from YAML or JSON. Throws `autoscaler.bad-policy` with every mistake. */
export function readPolicy(source: string, content: unknown): Policy {
  const { data, error } = policySchema.safeParse(content);
  if (error) throw new EdwinError('autoscaler.bad-policy', `${source}:\n${z.prettifyError(error)}`);
  return data;
}
