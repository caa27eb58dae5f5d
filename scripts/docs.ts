/** `npm run docs`: writes `.env.example` and the tables of docs/commands.md, docs/configuration.md and docs/notices.md anew from the descriptions in the code. A test keeps them true. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { AnyCommand } from '../src/commands/command.ts';
import { commands, labCommands } from '../src/commands/index.ts';
import { settingsTable } from '../src/config.ts';
import { usage } from '../src/language/patterns.ts';
import { type Notice, notices, ocsfClasses } from '../src/notices/table.ts';

/** Each setting with its meaning, commented out: an example file changes nothing. */
export function envExample(): string {
  const lines = settingsTable().flatMap(({ name, means, secret, example, fallback }) => [
    `# ${means}${secret ? ` (a secret; or ${name}_FILE=<path>)` : ''}`,
    `# ${name}=${example ?? fallback ?? ''}`,
    '',
  ]);
  return `# Every setting of Mislaid, with its default or an example. Copy to .env, or set them in the environment.\n# \`npm start\` reads the environment alone; \`node --env-file=.env dist/src/main.js\` reads this file too.\n\n${lines.join('\n')}`;
}

/** The text of docs/commands.md with its table written anew: what stands between `<!-- name -->` and `<!-- /name -->`. */
export function withCommands(text: string): string {
  return replacePart(text, 'commands', commandsTable());
}

/** The text of docs/configuration.md with its table written anew. */
export function withSettings(text: string): string {
  return replacePart(text, 'settings', settingsRows());
}

function commandsTable(): string {
  return table(
    ['say', 'who', 'what it does'],
    [...commands, ...labCommands]
      .filter((command) => command.patterns.length > 0)
      .map((command) => [
        `\`${firstUsage(command)}\``,
        who(command),
        `${command.summary}${labCommands.includes(command) ? ' (lab only)' : ''}`,
      ]),
  );
}

function firstUsage(command: AnyCommand): string {
  return usage(command.patterns[0] ?? '').replaceAll('|', '\\|');
}

function who(command: AnyCommand): string {
  return command.roles.includes('user') ? 'everybody' : command.roles.join(', ');
}

function settingsRows(): string {
  return table(
    ['setting', 'default', 'what it is'],
    settingsTable().map(({ name, means, secret, fallback }) => [
      `\`${name}\``,
      fallback === undefined ? '' : `\`${fallback}\``,
      `${means}${secret ? ` (secret: \`${name}_FILE\` works too)` : ''}`,
    ]),
  );
}

/** The text of docs/notices.md with its table written anew. */
export function withNotices(text: string): string {
  const rows = Object.entries<Notice>(notices).map(([kind, notice]) => [
    `\`${kind}\``,
    notice.when,
    notice.severity,
    notice.hears.join(', '),
    notice.channels.map((channel) => `\`${channel}\``).join(', '),
    `${notice.private.join(', ')}${notice.lastResort === true ? ', where no channel is left' : ''}`,
    notice.email ? 'yes' : '',
    `${notice.ocsf} (${ocsfClasses[notice.ocsf]})`,
  ]);
  const head = ['kind', 'sent when', 'severity', 'who hears', 'channels', 'privately', 'e-mail', 'OCSF class'];
  return replacePart(text, 'notices', table(head, rows));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function replacePart(text: string, name: string, part: string): string {
  const pattern = new RegExp(`<!-- ${name} -->[\\s\\S]*?<!-- /${name} -->`);
  if (!pattern.test(text)) throw new Error(`the document lacks the part "${name}"`);
  return text.replace(pattern, () => `<!-- ${name} -->\n${part}\n<!-- /${name} -->`);
}

if (process.argv[1]?.endsWith('docs.js') === true) {
  writeFileSync('.env.example', envExample());
  writeFileSync('docs/commands.md', withCommands(readFileSync('docs/commands.md', 'utf8')));
  writeFileSync('docs/configuration.md', withSettings(readFileSync('docs/configuration.md', 'utf8')));
  writeFileSync('docs/notices.md', withNotices(readFileSync('docs/notices.md', 'utf8')));
}
