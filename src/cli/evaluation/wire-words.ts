import { enumName, wordOf } from '../format.js';

/** The word of the engine for a member of an enum of the contract. */
export const engineWord = <Word extends string>(members: Readonly<Record<string, number>>, value: number): Word =>
  wordOf(enumName(members, value)) as Word;

/** The member for a word; `undefined` for none, which leaves the choice to the gateway. */
export function memberOf<Member extends number>(
  members: Readonly<Record<string, Member>>,
  word: string | undefined,
): Member | undefined {
  return word === undefined ? undefined : members[word.toUpperCase().replaceAll('-', '_')];
}
