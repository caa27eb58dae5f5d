/** HTML by Preact, as these pages write it: elements by name, attributes as data, everything that is text escaped. */
import { type ComponentChildren, createElement, Fragment } from 'preact';
import { renderToString } from 'preact-render-to-string';

/** Elements, text, or nothing. */
export type Html = ComponentChildren;

export function h(tag: string, attributes: Readonly<Record<string, unknown>>, ...inside: Html[]): Html {
  return createElement(tag, { ...attributes }, ...inside);
}

export function toText(html: Html): string {
  return renderToString(createElement(Fragment, null, html));
}
