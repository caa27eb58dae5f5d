// Prints the command that the README's "Two commands" block names for `start` or `test`, without its `npm ci`.
import { readFileSync } from 'node:fs';

const what = process.argv[2];
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const command = readme.match(new RegExp(`^npm ci && (npm (?:run )?${what})\\b`, 'm'))?.[1];
if (command === undefined) throw new Error(`the README names no command "npm ci && npm ${what}"`);
console.log(command);
