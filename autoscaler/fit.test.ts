import { errorAt } from './errors';
import { foretell, isFit, learnFit, newFit } from './fit';
import { FEATURES, type Pending } from './memory';

const still = { sizes: [0, 0, 0, 0], signs: [0, 0, 0, 0] };
const features = new Array<number>(FEATURES).fill(0);
const made = (wild: number): Pending => ({ minute: 1, features, clues: [], y: 0, change: 0, spread: 0.1, wild });

test('errors of wild times say nothing of calm ones, and the other way round', () => {
  const fit = newFit();
  const before = errorAt(fit.errors, 0, 0.99);
  for (let i = 0; i < 3000; i++) learnFit(fit, made(1), i % 20 === 0 ? 0.8 : 0, 0, i);
  expect(errorAt(fit.errors, 0, 0.99)).toBe(before);
  expect(errorAt(fit.errors, 1, 0.99)).toBeGreaterThan(7);
  for (let i = 0; i < 3000; i++) learnFit(fit, made(0), 0, 0, i);
  expect(errorAt(fit.errors, 0, 0.99)).toBeLessThan(1);
  expect(errorAt(fit.errors, 1, 0.99)).toBeGreaterThan(7);
});

test('between calm and wild both count', () => {
  const fit = newFit();
  for (let i = 0; i < 3000; i++) learnFit(fit, made(i % 2), i % 2 === 1 && i % 11 === 0 ? 0.8 : 0, 0, i);
  const [calm, between, wild] = [0, 0.5, 1].map((share) => errorAt(fit.errors, share, 0.97));
  expect(between).toBeGreaterThan(calm!);
  expect(wild).toBeGreaterThan(between!);
  const sum = (shares: readonly number[]) => shares.reduce((total, share) => total + share, 0);
  expect(sum(fit.errors.calm)).toBeCloseTo(1, 9);
  expect(sum(fit.errors.wild)).toBeCloseTo(1, 9);
});

test('times are wild when more is to be feared than in the long run, and calm when less is', () => {
  const fit = newFit();
  const wildAt = (lately: number) => foretell({ ...fit, lately, longRun: 0.04 }, features, still, 0, 0).wild;
  expect(wildAt(0.0001)).toBeLessThan(wildAt(0.04));
  expect(wildAt(0.04)).toBeLessThan(wildAt(0.4));
  expect(wildAt(40)).toBe(1);
});

test('what an older Edwin learned of errors, calm and wild in one, is no fit of now', () => {
  const { errors, ...rest } = newFit();
  expect(isFit({ ...rest, errors })).toBe(true);
  expect(isFit({ ...rest, errors: errors.calm as never })).toBe(false);
});
