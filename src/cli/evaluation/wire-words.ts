/** The word of the engine for a member of an enum of the contract: `EARLY_STOP` is `early-stop`. */
export function wordOf<Word extends string>(members: Readonly<Record<string, number>>, value: number): Word {
  const name = Object.keys(members).find((key) => members[key] === value) ?? `${value}`;
  return name.toLowerCase().replaceAll('_', '-') as Word;
}

/** The member for a word; `undefined` for none, which leaves the choice to the gateway. */
export function memberOf<Member extends number>(
  members: Readonly<Record<string, Member>>,
  word: string | undefined,
): Member | undefined {
  return word === undefined ? undefined : members[word.toUpperCase().replaceAll('-', '_')];
}
