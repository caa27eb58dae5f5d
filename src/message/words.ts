/** Small words of the bot's voice. */

/** "Alice" of "Alice Ng". */
export function firstWord(name: string): string {
  return name.trim().split(/\s+/)[0] ?? name;
}

/** "Otto, Ada or Sasha"; empty for nobody. */
export function eitherOf(names: readonly string[], word: 'or' | 'and' = 'or'): string {
  const last = names.at(-1);
  if (last === undefined) return '';
  return names.length === 1 ? last : `${names.slice(0, -1).join(', ')} ${word} ${last}`;
}
