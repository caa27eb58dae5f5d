/**
 * The two loops that every byte of a log goes through, in AssemblyScript for WebAssembly, because JavaScript has neither 16 bytes
 * at a time nor whole words of memory: cutting W3C lines into fields, and finding the row of a line's client. Compiled by
 * `npm run wasm` into ../lines-wasm.ts; ../lines.ts is its other half and tells what stands where in memory.
 */
export { clear, find, generation, keep, look, warmth } from './rows';
export { filled, seen, split, stems, unreadable } from './w3c';
