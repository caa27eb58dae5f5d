/** What a person reads and presses on an Adaptive Card, as far as this project writes them. */
import { z } from 'zod';

export const Node = z.looseObject({ type: z.string().optional() });
export type Node = z.infer<typeof Node>;

const Data = z.looseObject({
  mislaid: z.looseObject({ kind: z.string(), action: z.string().optional() }),
  msteams: z.object({ type: z.string() }).optional(),
});

export type CardButton = { type: string; title: string; data: z.infer<typeof Data> };
export type CardInput = { id: string; type: string; value?: string; isRequired: boolean; options: readonly string[] };

/** Every object of the card, outermost first; what stands in for older clients is left out. */
export function nodes(card: unknown): Node[] {
  if (Array.isArray(card)) return card.flatMap(nodes);
  const node = Node.safeParse(card);
  if (!node.success) return [];
  const inner = Object.entries(node.data).filter(
    ([name]) => !['fallback', 'data', 'refresh', 'selectAction'].includes(name),
  );
  return [node.data, ...inner.flatMap(([, value]) => nodes(value))];
}

/** The words of the card in order; times stay as the functions that the client works out. */
export function textOf(card: unknown): string {
  return nodes(card)
    .flatMap((node) => {
      switch (node.type) {
        case 'RichTextBlock':
          return [runs(node)];
        case 'Image':
          return [String(node.altText)];
        case 'Action.Execute':
        case 'Action.Submit':
        case 'Action.ShowCard':
          return [String(node.title)];
        case 'Input.Toggle':
          return [unescaped(String(node.title))];
        case 'Input.ChoiceSet':
          return [
            String(node.label ?? ''),
            ...choicesOf(node).map(({ title }) => (node.style === 'expanded' ? unescaped(title) : title)),
          ];
        case 'Input.Text':
          return [String(node.label ?? ''), ...(typeof node.value === 'string' ? [node.value] : [])];
        default:
          return [];
      }
    })
    .join('\n');
}

export function buttonsOf(card: unknown): CardButton[] {
  return nodes(card).flatMap((node) => {
    if (node.type !== 'Action.Execute' && node.type !== 'Action.Submit') return [];
    return [{ type: node.type, title: String(node.title), data: Data.parse(node.data) }];
  });
}

export function inputsOf(card: unknown): CardInput[] {
  return nodes(card).flatMap((node) => {
    if (node.type?.startsWith('Input.') !== true) return [];
    return [
      {
        id: String(node.id),
        type: node.type,
        ...(typeof node.value === 'string' ? { value: node.value } : {}),
        isRequired: node.isRequired === true,
        options: choicesOf(node).map(({ value }) => value),
      },
    ];
  });
}

const Runs = z.looseObject({ inlines: z.array(z.looseObject({ text: z.string() })) });
const Choices = z.looseObject({ choices: z.array(z.object({ title: z.string(), value: z.string() })) });

function runs(node: Node): string {
  return Runs.parse(node)
    .inlines.map(({ text }) => text)
    .join('');
}

function choicesOf(node: Node): { title: string; value: string }[] {
  return Choices.safeParse(node).data?.choices ?? [];
}

/** Markdown's backslashes, as the client leaves them out. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([\\`*_[\]<>~|#+.)-])/g, '$1');
}
