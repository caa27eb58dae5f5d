/** What an invoke is answered with: Teams shows it to the one who pressed, and to nobody else. */
import type { Shape } from './activity.ts';
import { attachment, type TeamsCard } from './card.ts';
import { shortened } from './cut.ts';
import { block, plainString, run } from './rich-text.ts';

/** HTTP status and body of the answer to one activity. */
export type Response = { readonly status: number; readonly body?: unknown };

export const accepted: Response = { status: 200 };
/** Teams cuts the heading of a dialog. */
const headingLength = 60;

/** A sentence for the one who pressed; for a plain message there is nothing to answer with. */
export function textResponse(shape: Shape, sentence: string): Response {
  switch (shape) {
    case 'message':
      return accepted;
    case 'card':
      return cardResponse('application/vnd.microsoft.activity.message', sentence);
    case 'dialog':
      return { status: 200, body: { task: { type: 'message', value: sentence } } };
  }
}

/** Teams' own way to add the app where it is missing; the message then comes again ("just-in-time install"). */
export const installResponse: Response = {
  status: 200,
  body: {
    task: {
      type: 'continue',
      value: {
        title: 'Add Mislaid',
        height: 'small',
        width: 'small',
        card: attachment({
          type: 'AdaptiveCard',
          version: '1.5',
          body: [
            block([
              run(
                'Teams did not tell me who you are, because I am not added here. Nothing was done yet. Add me, and I go on with this message.',
              ),
            ]),
          ],
          actions: [{ type: 'Action.Submit', title: 'Add Mislaid', data: { msteams: { justInTimeInstall: true } } }],
        }),
      },
    },
  },
};

/** The card takes the place of the one that was pressed, for this person alone. */
export function ownCardResponse(card: TeamsCard): Response {
  return cardResponse('application/vnd.microsoft.card.adaptive', card);
}

export function dialogResponse(heading: string, card: TeamsCard): Response {
  const title = shortened(plainString(heading), headingLength);
  const value = { title, height: 'medium', width: 'medium', card: attachment(card) };
  return { status: 200, body: { task: { type: 'continue', value } } };
}

function cardResponse(type: string, value: unknown): Response {
  return { status: 200, body: { statusCode: 200, type, value } };
}
