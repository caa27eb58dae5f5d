/** What the app says when it is installed. What a person may say himself follows from the core's help. */
import type { Message } from '../../src/message/model.ts';
import { code, list, note, paragraph, strong, text } from '../../src/message/text.ts';

export const personalWelcome: Message = {
  title: 'Mislaid',
  tone: 'neutral',
  blocks: [
    paragraph(
      'I handle lost phones: which ones a person has, what must not be done yet, a wipe that a second person approves, and proof of how far it got.',
    ),
    paragraph('If your own phone is gone, say ', code('I lost my phone'), ' here, from any device that is safe.'),
  ],
};

/** In a team or group chat, where everybody reads along. The place is what policy.yaml needs to know it by. */
export function placeWelcome(place: string): Message {
  return {
    title: 'Mislaid',
    tone: 'neutral',
    blocks: [
      paragraph('I handle lost phones. Mention me and say:'),
      list(
        text(code('lost device <person>'), ' when somebody has lost a phone'),
        text(code('help'), ' to hear, in private, what you may say'),
      ),
      paragraph(
        'If your own phone is gone, write to me in a ',
        strong('private chat'),
        ': ',
        code('I lost my phone'),
        '.',
      ),
      note('For policy.yaml, this place is ', code(place), '.'),
    ],
  };
}
