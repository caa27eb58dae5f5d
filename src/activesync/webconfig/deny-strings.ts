/**
 * One filtering rule of ours in a web.config: it denies requests whose User-Agent holds one of its strings (404.19). An edit
 * keeps every other byte. Where the file takes the request filter out of the pipeline (Exchange 2016 and 2019 front ends do) a
 * rule would stand there and never run, so it is refused.
 * Element: https://learn.microsoft.com/iis/configuration/system.webserver/security/requestfiltering/filteringrules/
 */
import { type Element, elementsAt, outline } from './outline.ts';
import { type Refusal, readConfigText } from './text.ts';

export const ruleName = 'Mislaid block list';

const modules = 'configuration/system.webServer/modules';
const security = 'configuration/system.webServer/security';
const levels = ['system.webServer', 'security', 'requestFiltering', 'filteringRules'] as const;

export type Edit = { bytes: Buffer; denied: string[] };

/** Adds strings to our rule, making it and what it stands in where they are missing. */
export function addDenyStrings(bytes: Buffer, strings: readonly string[]): Edit | Refusal {
  const opened = open(bytes);
  if ('refused' in opened) return opened;
  const { text, root, encode } = opened;
  const inert = filterIsRemoved(root) ?? elsewhere(root);
  if (inert !== undefined) return inert;
  const bad = strings.find((one) => one.trim() === '' || /[\p{Cc}\p{Cs}]/u.test(one) || one.length > 200);
  if (bad !== undefined || strings.length === 0) return { refused: 'a string to deny is empty or cannot be written' };
  const rule = ourRule(root);
  const present = rule === undefined ? [] : deniedBy(rule);
  const missing = strings.filter((one) => !present.some((known) => known.toLowerCase() === one.toLowerCase()));
  if (missing.length === 0) return { refused: 'the file denies these strings already' };
  const edited = rule === undefined ? withRule(text, root, missing) : withStrings(text, rule, missing);
  if (typeof edited !== 'string') return edited;
  return checked(encode(edited), [...present, ...missing]);
}

/** Takes strings off our rule, and the rule with the last of them. What stands around it stays. */
export function removeDenyStrings(bytes: Buffer, strings: readonly string[]): Edit | Refusal {
  const opened = open(bytes);
  if ('refused' in opened) return opened;
  const { text, root, encode } = opened;
  const rule = ourRule(root);
  if (rule === undefined) return { refused: 'the file holds no rule of ours any more' };
  const gone = (one: string) => strings.some((wanted) => wanted.toLowerCase() === one.toLowerCase());
  const left = deniedBy(rule).filter((one) => !gone(one));
  if (left.length === deniedBy(rule).length) return { refused: 'the file denies none of these strings' };
  if (left.length === 0) return checked(encode(without(text, rule)), []);
  let edited = text;
  for (const add of denyElements(rule).reverse()) if (gone(add.attributes.string ?? '')) edited = without(edited, add);
  return checked(encode(edited), left);
}

/** What our rule denies now; empty where it is not there. Refused where the file cannot be read. */
export function deniedStrings(bytes: Buffer): string[] | Refusal {
  const opened = open(bytes);
  if ('refused' in opened) return opened;
  const rule = ourRule(opened.root);
  return rule === undefined ? [] : deniedBy(rule);
}

function open(bytes: Buffer): { text: string; root: Element; encode(text: string): Buffer } | Refusal {
  const read = readConfigText(bytes);
  if ('refused' in read) return read;
  const root = outline(read.text);
  if ('refused' in root) return root;
  if (root.name !== 'configuration')
    return { refused: `the file begins with <${root.name}>, not with <configuration>` };
  return { ...read, root };
}

/** `<remove name="RequestFilteringModule" />` or `<clear />`, without one that puts it back. */
function filterIsRemoved(root: Element): Refusal | undefined {
  let removed: string | undefined;
  for (const list of elementsAt(root, modules)) {
    for (const { name, attributes } of list.children) {
      const isFilter = attributes.name?.toLowerCase() === 'requestfilteringmodule';
      if (name === 'clear') removed = '<clear /> in <modules>';
      if (name === 'remove' && isFilter) removed = '<remove name="RequestFilteringModule" />';
      if (name === 'add' && isFilter) removed = undefined;
    }
  }
  if (removed === undefined) return undefined;
  return {
    refused: `the file takes the request filter of IIS away (${removed}), as Exchange 2016 and 2019 front ends do: a rule written here would never run, and a cumulative update puts that line back. Use a device access rule, the EWS block list, or the edge`,
  };
}

/** Sections that decide over our rule. */
const sections: ReadonlySet<string> = new Set([
  'system.webServer',
  'modules',
  'security',
  'requestFiltering',
  'filteringRules',
]);

/** What stands in another file or for another path may take the rule away again, and is not read here. */
function elsewhere(root: Element): Refusal | undefined {
  const within = (element: Element): Element[] => [element, ...element.children.flatMap(within)];
  for (const location of root.children.filter(({ name }) => name === 'location')) {
    if (!within(location).some(({ name }) => name !== 'system.webServer' && sections.has(name))) continue;
    const path = location.attributes.path ?? '';
    return {
      refused: `the file has modules or security settings of their own in <location path="${path}">, where a rule of mine may not run`,
    };
  }
  for (const { name, attributes, children } of root.children
    .filter((child) => child.name !== 'location')
    .flatMap(within)) {
    if (!sections.has(name)) continue;
    if (attributes.configSource !== undefined)
      return { refused: `<${name}> stands in another file (configSource="${attributes.configSource}")` };
    if (attributes.configProtectionProvider !== undefined || children.some((child) => child.name === 'EncryptedData'))
      return { refused: `<${name}> is encrypted` };
  }
  return undefined;
}

function ourRule(root: Element): Element | undefined {
  return elementsAt(root, `${security}/requestFiltering/filteringRules/filteringRule`).find(
    ({ attributes }) => attributes.name === ruleName,
  );
}

function denyElements(rule: Element): Element[] {
  return rule.children
    .filter(({ name }) => name === 'denyStrings')
    .flatMap(({ children }) => children.filter(({ name }) => name === 'add'));
}

function deniedBy(rule: Element): string[] {
  return denyElements(rule).flatMap(({ attributes }) => (attributes.string === undefined ? [] : [attributes.string]));
}

function withStrings(text: string, rule: Element, strings: readonly string[]): string | Refusal {
  const list = rule.children.find(({ name }) => name === 'denyStrings');
  if (list === undefined || list.selfClosing)
    return { refused: 'our rule in the file was changed by hand and is not understood' };
  const style = styleOf(text);
  const indent = indentOf(text, list) + style.step;
  return insert(
    text,
    list,
    strings.map((one) => `<add string="${escaped(one)}" />`),
    indent,
    style,
  );
}

/** Goes down as far as the elements are there, and writes the rest as one new piece. */
function withRule(text: string, root: Element, strings: readonly string[]): string | Refusal {
  let parent = root;
  let depth = 0;
  for (const name of levels) {
    const found = parent.children.filter((child) => child.name === name);
    if (found.length > 1) return { refused: `the file holds <${name}> twice` };
    const [child] = found;
    if (child === undefined) break;
    parent = child;
    depth += 1;
  }
  const style = styleOf(text);
  const rule = [
    `<filteringRule name="${ruleName}" scanUrl="false" scanQueryString="false">`,
    `${style.step}<scanHeaders>`,
    `${style.step}${style.step}<add requestHeader="User-Agent" />`,
    `${style.step}</scanHeaders>`,
    `${style.step}<denyStrings>`,
    ...strings.map((one) => `${style.step}${style.step}<add string="${escaped(one)}" />`),
    `${style.step}</denyStrings>`,
    '</filteringRule>',
  ];
  const missing = levels.slice(depth);
  const piece = missing.reduceRight<string[]>(
    (lines, name) => [`<${name}>`, ...lines.map((line) => style.step + line), `</${name}>`],
    rule,
  );
  return insert(text, parent, piece, indentOf(text, parent) + style.step, style);
}

type Style = { newline: string; step: string };

/** Line ends and indentation as the file has them. */
function styleOf(text: string): Style {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const step = /\n([ \t]+)</.exec(text)?.[1] ?? '  ';
  return { newline, step };
}

function indentOf(text: string, element: Element): string {
  const line = text.lastIndexOf('\n', element.start - 1) + 1;
  const before = text.slice(line, element.start);
  return /^[ \t]*$/.test(before) ? before : '';
}

/** Puts lines in as the last children of `parent`, before the white space of its end tag. */
function insert(text: string, parent: Element, lines: readonly string[], indent: string, { newline }: Style): string {
  const piece = lines.map((line) => `${newline}${indent}${line}`).join('');
  const close = indentOf(text, parent);
  if (parent.selfClosing) {
    const slash = text.lastIndexOf('/', parent.inner - 1);
    const tag = text.slice(parent.start, slash).trimEnd();
    return `${text.slice(0, parent.start)}${tag}>${piece}${newline}${close}</${parent.name}>${text.slice(parent.end)}`;
  }
  const inside = text.slice(parent.inner, parent.innerEnd);
  const at = parent.inner + inside.trimEnd().length;
  const rest = text.slice(at, parent.innerEnd);
  return `${text.slice(0, at)}${piece}${rest.includes('\n') ? rest : `${newline}${close}`}${text.slice(parent.innerEnd)}`;
}

/** Takes an element out with the white space of its line. */
function without(text: string, element: Element): string {
  const line = text.lastIndexOf('\n', element.start - 1);
  const alone = line >= 0 && /^\s*$/.test(text.slice(line, element.start));
  const from = alone ? (text[line - 1] === '\r' ? line - 1 : line) : element.start;
  return text.slice(0, from) + text.slice(element.end);
}

/** What we wrote is read back before anybody else does. */
function checked(bytes: Buffer, expected: readonly string[]): Edit | Refusal {
  const denied = deniedStrings(bytes);
  if (
    !Array.isArray(denied) ||
    denied.length !== expected.length ||
    denied.some((one, index) => one !== expected[index])
  )
    return { refused: 'the edited file does not read back as it should, so nothing was written' };
  return { bytes, denied };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
