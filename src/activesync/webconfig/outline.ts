/** Where the elements of an XML text begin and end, so that an edit touches nothing else. saxes reads; nothing is written from its tree. */
import { SaxesParser } from 'saxes';
import type { Refusal } from './text.ts';

export type Element = {
  name: string;
  attributes: Readonly<Record<string, string>>;
  /** `configuration/system.webServer/security`. */
  path: string;
  /** Offsets in the text: of `<`, behind the `>` of its start tag, of its end tag's `<`, and behind it all. */
  start: number;
  inner: number;
  innerEnd: number;
  end: number;
  selfClosing: boolean;
  children: Element[];
};

/** The root element; refused where the text is not well-formed XML (a half-written file is not). */
export function outline(text: string): Element | Refusal {
  const parser = new SaxesParser();
  const open: Element[] = [];
  let root: Element | undefined;
  let problem: string | undefined;
  let tagStart = 0;
  parser.on('error', (error) => {
    problem ??= error.message;
  });
  parser.on('doctype', () => {
    problem ??= 'it has a document type, which a web.config never has';
  });
  parser.on('opentagstart', (tag) => {
    tagStart = text.lastIndexOf(`<${tag.name}`, parser.position);
  });
  parser.on('opentag', (tag) => {
    const parent = open.at(-1);
    const element: Element = {
      name: tag.name,
      attributes: { ...tag.attributes },
      path: parent === undefined ? tag.name : `${parent.path}/${tag.name}`,
      start: tagStart,
      inner: parser.position,
      innerEnd: parser.position,
      end: parser.position,
      selfClosing: tag.isSelfClosing,
      children: [],
    };
    parent?.children.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on('closetag', () => {
    const element = open.pop();
    if (element === undefined || element.selfClosing) return;
    element.end = parser.position;
    element.innerEnd = text.lastIndexOf('</', parser.position - 1);
  });
  parser.write(text).close();
  if (problem !== undefined) return { refused: `the file is not well-formed XML: ${problem}` };
  return root ?? { refused: 'the file holds no element' };
}

/** Every element below (and of) `root` that has this path. */
export function elementsAt(root: Element, path: string): Element[] {
  if (root.path === path) return [root];
  return path.startsWith(`${root.path}/`) ? root.children.flatMap((child) => elementsAt(child, path)) : [];
}
