/**
 * PostgreSQL's text form of arrays. The driver's own conversion looks at every element's type, which takes longer than storing the
 * rows does.
 */

export function numberArray(values: Int32Array | Float64Array | readonly number[]): string {
  return `{${values.join(',')}}`;
}

export function textArray(values: readonly string[]): string {
  return `{${values.map(quoted).join(',')}}`;
}

/** An element of `quotedArray`: worth doing once for a text that stands in many elements. */
export function quoted(text: string): string {
  return /["\\]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`;
}

export function quotedArray(elements: readonly string[]): string {
  return `{${elements.join(',')}}`;
}
