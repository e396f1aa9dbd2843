import { z } from 'zod';
import { levelSchema } from './bank';

/**
 * What the bot remembers of a student. Two releases may share it, so fields are only added, with a default, and
 * fields of a newer release pass through unharmed.
 */
const skillProgress = z.object({
  answers: z.int(),
  correct: z.int(),
  /** Time to answer relative to what the kind of item takes, 1 = as expected; a moving average. */
  pace: z.number(),
});
export type SkillProgress = z.infer<typeof skillProgress>;

export const studentSchema = z.looseObject({
  /** Absent until placed. */
  level: levelSchema.optional(),
  placement: z
    .array(z.object({ item: z.string(), level: levelSchema, correct: z.boolean(), guess: z.number() }))
    .default([]),
  exercise: z
    .object({
      /** Counts exercises; buttons carry it, so that a tap on an old one is recognised. */
      number: z.int(),
      item: z.string(),
      askedAt: z.iso.datetime(),
      /** Options of a choice as they were shown. */
      shown: z.array(z.string()).default([]),
    })
    .optional(),
  asked: z.int().default(0),
  skills: z.record(z.string(), skillProgress).default({}),
  /** Items asked lately, the newest last. */
  recent: z.array(z.string()).default([]),
  /** Answers since the level last changed, the newest last. */
  form: z.array(z.boolean()).default([]),
  answers: z.int().default(0),
  correct: z.int().default(0),
  session: z.object({ startedAt: z.iso.datetime(), answers: z.int(), correct: z.int() }).optional(),
  timeZone: z.string().optional(),
  reminders: z.boolean().default(true),
  /** Last time the student wrote; Messenger's 24 hours run from then. */
  wroteAt: z.iso.datetime().optional(),
  /** Time of the newest event whose order matters, in ms; the next one is later. */
  clock: z.number().default(0),
});
export type Student = z.infer<typeof studentSchema>;

export const stranger: Student = studentSchema.parse({});
