/** The registry of commands: one file per command, one line here. */
import type { AnyCommand } from './command.ts';

export const commands: readonly AnyCommand[] = [];
