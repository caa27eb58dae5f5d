/** Small words of the bot's voice. */

/** "Alice" of "Alice Ng". */
export function firstWord(name: string): string {
  return name.trim().split(/\s+/)[0] ?? name;
}

/** "1 phone", "15 phones". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

const lists = {
  and: new Intl.ListFormat('en-GB', { type: 'conjunction' }),
  or: new Intl.ListFormat('en-GB', { type: 'disjunction' }),
};

/** "Otto, Ada and Ines". */
export function namesInList(names: readonly string[], last: 'and' | 'or'): string {
  return lists[last].format(names);
}

/** Longest label of a button that every platform shows whole (Slack: 75 characters). */
export const longestLabel = 75;

/** At most `most` characters, the last of them "…" where some are missing. */
export function shortened(words: string, most: number): string {
  if (words.length <= most) return words;
  // A character of two code units is not cut in halves.
  return `${words
    .slice(0, most - 1)
    .replace(/[\uD800-\uDBFF]$/u, '')
    .trimEnd()}…`;
}

/** Addresses that somebody typed, separated by commas, blanks or lines. */
export function addressesIn(text: string): string[] {
  return text.split(/[\s,;]+/u).filter((address) => address !== '');
}
