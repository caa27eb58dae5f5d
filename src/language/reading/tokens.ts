/** From a sentence as people write it to plain words: without formatting, case, accents and punctuation. Pure. */

export type Token = {
  /** Folded: lower case, without accents, apostrophes and punctuation. */
  readonly text: string;
  /** `bob's`, `hans'`. */
  readonly possessive: boolean;
  /** A comma, full stop or the like stands behind it: a thought ends. */
  readonly ends: boolean;
  /** A full stop, a question mark or the like stands behind it: what follows is a sentence of its own. */
  readonly full: boolean;
  /** Written with a capital letter. */
  readonly capital: boolean;
  /** Within quotation marks. */
  readonly quoted: boolean;
};

/** What Slack and Teams make of links, and the marks with which people set words in bold or italics. */
const formatting: readonly (readonly [RegExp, string])[] = [
  [/<(?:mailto:|tel:|https?:)[^|>\s]*\|([^>]*)>/g, ' $1 '],
  [/<(?:mailto:|tel:)?([^|>\s]+)>/g, ' $1 '],
  [/\[([^\]]*)\]\([^)]*\)/g, ' $1 '],
  [/\u{1F44D}\p{Emoji_Modifier}?/gu, ' yes '],
  [/\u{1F44E}\p{Emoji_Modifier}?/gu, ' no '],
  [/[*~`]+|(?<![\p{L}\p{N}])_+|_+(?![\p{L}\p{N}])/gu, ' '],
  [/(?<=\p{L})\/(?=\p{L})/gu, ' '],
  [/(?<=\s)[+&](?=\s)/gu, 'and'],
  [/(?<=[\p{L}\p{N}])\s+(?:[-\u2013\u2014]+)(?=\s)/gu, ', '],
  [/(?<=[\p{L}\p{N}])\s+(?:[:;=]-?[()DPp]+|\p{Extended_Pictographic}\S*)(?=\s)/gu, '. '],
];

/** Where `'s` stands for "is", and not for whose it is. */
const notPossessive = new Set([
  'it',
  'he',
  'she',
  'that',
  'what',
  'who',
  'where',
  'when',
  'how',
  'there',
  'here',
  'let',
]);

const shortened: Readonly<Record<string, readonly string[]>> = {
  ive: ['i', 'have'],
  im: ['i', 'am'],
  youre: ['you', 'are'],
  were: ['were'],
  whats: ['what', 'is'],
  wheres: ['where', 'is'],
  whos: ['who', 'is'],
  hes: ['he', 'is'],
  shes: ['she', 'is'],
  cannot: ['cant'],
};

export function tokensOf(words: readonly string[]): Token[] {
  const plain = formatting.reduce((text, [mark, instead]) => text.replace(mark, instead), words.join(' '));
  let quoted = false;
  let aside = false;
  const tokens = plain.split(/\s+/u).flatMap((word) => {
    if (/^[("]*\(/.test(word)) aside = true;
    if (/^[(]*"/.test(word)) quoted = true;
    const full = !aside && /[.!?;\u2026]["')]*$/.test(word) && !/^(mr|mrs|ms|dr|e\.g|i\.e|etc|no|nr)\.$/i.test(word);
    const found = tokensOfWord(word, { full, quoted });
    if (/[^("]+"[).,;:!?]*$/.test(word)) quoted = false;
    if (/\)/.test(word)) aside = false;
    return found;
  });
  return withoutThanks(tokens);
}

const politeEnds = new Set('please pls plz thanks thx ty cheers ta asap'.split(' '));

/** What is said last for politeness alone says nothing, and ends the thought before it. */
function withoutThanks(tokens: Token[]): Token[] {
  let end = tokens.length;
  for (;;) {
    const last = tokens[end - 1]?.text ?? '';
    const polite = last === 'you' && tokens[end - 2]?.text === 'thank' ? 2 : politeEnds.has(last) ? 1 : 0;
    if (polite === 0 || end - polite < 1) break;
    end -= polite;
  }
  return tokens
    .slice(0, end)
    .map((token, at) => (at === end - 1 && end < tokens.length ? { ...token, ends: true } : token));
}

function tokensOfWord(word: string, { full, quoted }: Pick<Token, 'full' | 'quoted'>): Token[] {
  const ends = /[,.;:!?…)]["')]*$/u.test(word);
  const bare = foldedWord(word).replace(/^[^\p{L}\p{N}#@+]+|[^\p{L}\p{N}']+$/gu, '');
  const possessive = /(?:'s|s')$/.test(bare);
  const base = bare.replace(/'s$/, '').replace(/'$/, '');
  if (base === '') return [];
  const capital = /^\P{L}*\p{Lu}/u.test(word);
  const token = (text: string, last: boolean, owns = false): Token => ({
    text,
    possessive: owns,
    ends: last && ends,
    full: last && full,
    capital,
    quoted,
  });
  if (/'s$/.test(bare) && notPossessive.has(base)) return [token(base, false), token('is', true)];
  const verb = /^(\p{L}+)'(ve|m|re|ll|d)$/u.exec(bare);
  if (verb !== null) {
    const full = { ve: 'have', m: 'am', re: 'are', ll: 'will', d: 'would' }[verb[2] ?? ''] ?? '';
    return [token(verb[1] ?? '', false), token(full, true)];
  }
  // A name may hold its apostrophe (O'Brien); a verb does not need it (can't).
  const text = /n't$/.test(base) ? base.replace("'", '') : base;
  const parts = shortened[text] ?? [text];
  return parts.map((part, index) => token(part, index === parts.length - 1, possessive));
}

export function foldedWord(word: string): string {
  return word
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[\u2018\u2019\u02BC]/g, "'")
    .toLowerCase();
}
