import { distance } from 'fastest-levenshtein';

/** Device types that common clients send. */
const commonTypes = [
  'iPhone',
  'iPad',
  'iPod',
  'Android',
  'SamsungDevice',
  'Outlook',
  'OutlookService',
  'WindowsMail',
  'WindowsPhone',
  'PocketPC',
  'SmartPhone',
  'BlackBerry',
] as const;

/** The common type that a type is probably a misspelling of (`Andriod` → `Android`): a phone's maker spells its own type right. */
export function misspeltType(deviceType: string): string | undefined {
  const lower = deviceType.toLowerCase();
  if (lower.length < 5) return undefined;
  if (commonTypes.some((type) => type.toLowerCase() === lower)) return undefined;
  // Two letters in the wrong order are two edits; short words are near too many others for that, unless the letters are the same.
  return commonTypes.find((type) => {
    if (type.length < 6) return false;
    const edits = distance(type.toLowerCase(), lower);
    return edits <= (type.length >= 7 || lettersOf(type.toLowerCase()) === lettersOf(lower) ? 2 : 1);
  });
}

function lettersOf(word: string): string {
  return [...word].sort().join('');
}
