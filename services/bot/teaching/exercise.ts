import type { Reply } from '../../../platform/messages';
import type { Item } from './bank';
import { commandPayload, tapPayload } from './intent';
import { type Random, shuffled } from './random';

export type QuickReplies = NonNullable<Reply['quickReplies']>;
export interface ShownExercise {
  readonly text: string;
  readonly quickReplies: QuickReplies;
}

/** Messenger cuts longer titles off. */
const LONGEST_TITLE = 20;
const skipButton = { title: 'Skip', payload: commandPayload('skip') };

const instructions: Record<Exclude<Item['kind'], 'choice'>, string> = {
  gap: 'Fill the gap:',
  order: 'Put the words in order.',
  correct: 'There is one mistake. Write the correct sentence:',
  rephrase: 'Complete the second sentence so that it means the same:',
  short: 'Answer in a word or two:',
};

/** Options of a choice in the order in which they are shown; empty for other kinds. */
export function optionsShown(item: Item, random: Random): string[] {
  return item.kind === 'choice' ? shuffled(item.options, random) : [];
}

/** An exercise as text and buttons. Options too long for a button are listed with letters, the buttons are the letters. */
export function showExercise(item: Item, number: number, shown: readonly string[]): ShownExercise {
  if (item.kind !== 'choice') {
    const words = item.kind === 'order' ? `\n${item.words.join(' / ')}` : '';
    const separator = item.kind === 'order' ? ' ' : '\n';
    return { text: `${instructions[item.kind]}${separator}${item.prompt}${words}`, quickReplies: [skipButton] };
  }
  const lettered = shown.some((option) => option.length > LONGEST_TITLE);
  const letter = (index: number) => String.fromCharCode('A'.charCodeAt(0) + index);
  const list = lettered ? shown.map((option, index) => `\n${letter(index)}) ${option}`).join('') : '';
  const titles = lettered ? shown.map((_, index) => letter(index)) : shown;
  return {
    text: `${item.prompt.includes('___') ? 'Choose what fits:' : 'Choose the answer:'}\n${item.prompt}${list}`,
    quickReplies: [...titles.map((title, index) => ({ title, payload: tapPayload(number, index) })), skipButton],
  };
}
