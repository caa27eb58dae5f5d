/** Slack's text as a person typed it: entities undone, the mention of the bot gone, other mentions as addresses. */

const mention = /<@([UW]\w+)(?:\|[^>]*)?>/g;
/** `<mailto:a@b|a@b>`, `<https://x|x>`, `<#C1|general>`, `<!here>`, `<!subteam^S1|@team>`. */
const link = /<(?:mailto:)?([^<>|]*)(?:\|([^<>]*))?>/g;

/** Accounts that a text mentions, the bot aside. */
export function mentionedUsers(text: string, bot: string): string[] {
  return [...new Set([...text.matchAll(mention)].map(([, user]) => user ?? ''))].filter((user) => user !== bot);
}

/** `addressOf` gives what stands for a mentioned person: their mail address, where it is known. */
export function inputText(text: string, bot: string, addressOf: (user: string) => string | undefined): string {
  return text
    .replaceAll(mention, (_, user: string) => (user === bot ? ' ' : (addressOf(user) ?? `@${user}`)))
    .replaceAll(link, (_, target: string, label: string | undefined) => named(target, label))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .trim();
}

function named(target: string, label: string | undefined): string {
  if (target.startsWith('#')) return `#${label ?? target.slice(1)}`;
  if (target.startsWith('!')) return label ?? `@${target.slice(1)}`;
  return label ?? target;
}
