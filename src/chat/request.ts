import type { AnyCommand, CommandContext } from '../commands/command.ts';
import type { DraftAnswer } from '../message/model.ts';

/** What was said, whichever way: one command with raw arguments, or why it is none. */
export type Request =
  | {
      readonly kind: 'command';
      readonly command: AnyCommand;
      readonly args: Readonly<Record<string, unknown>>;
      readonly via: CommandContext['via'];
      /** The stored action that was clicked or submitted. */
      readonly action?: string;
      /** Ids of the fields that a form answered: their problems are shown beside them. */
      readonly fields?: readonly string[];
    }
  | { readonly kind: 'answer'; readonly answer: DraftAnswer; readonly outcome: string };
