/** The rows of clients: a table of texts by their hash. */
import {
  AGENT_START,
  HASH,
  LINE_BYTES,
  LINES,
  LONGEST_ACCOUNT,
  LONGEST_AGENT,
  LONGEST_QUERY,
  lengthOf,
  MOST_ROWS,
  MOST_SLOTS,
  QUERY_START,
  ROW,
  ROW_ACCOUNT,
  ROW_AGENT,
  ROW_BYTES,
  ROW_HASH,
  ROW_QUERY,
  ROW_TEXT,
  ROWS,
  SLOTS,
  TEXTS,
  TEXTS_END,
  USER_START,
} from './memory';

/** Grows whenever the table starts anew: rows answered before are void. */
export let generation: i32 = 0;
/** Means nothing: keeps the looks of `look` alive. */
export let warmth: i32 = 0;

let seed: u64 = 0;
let rows: i32 = 1;
let texts: i32 = TEXTS;
let mask: i32 = (1 << 12) - 1;

/** Forgets every row. The seed is random in each process, so that nobody can write lines that all fall into one slot. */
export function clear(newSeed: u64): void {
  if (newSeed !== 0) seed = newSeed;
  rows = 1;
  texts = TEXTS;
  mask = (1 << 12) - 1;
  memory.fill(SLOTS, 0, (mask + 1) << 2);
  generation += 1;
}

/**
 * Finds the rows of the first `count` lines: 0 where a line's client is not known, -1 where its query is too long to be one. Looks at
 * all slots, then all rows, then all texts, before it compares: each look waits for memory (tens of megabytes at random), and
 * independent looks wait together.
 */
export function look(from: i32, count: i32): void {
  let touched = 0;
  for (let i = from; i < count; i++) {
    const line = LINES + i * LINE_BYTES;
    const hash = hashOf(line);
    store<i32>(line + HASH, hash);
    store<i32>(line + ROW, load<i32>(SLOTS + ((mix(hash) & mask) << 2)));
  }
  for (let i = from; i < count; i++) touched ^= load<i32>(rowAt(load<i32>(LINES + i * LINE_BYTES + ROW)));
  for (let i = from; i < count; i++) {
    const row = rowAt(load<i32>(LINES + i * LINE_BYTES + ROW));
    const text = max(load<i32>(row + ROW_TEXT), TEXTS);
    touched ^= load<i32>(text) ^ load<i32>(text + 64) ^ load<i32>(text + 128);
  }
  warmth = touched;
  for (let i = from; i < count; i++) find(i);
}

/** Row of line `i`, as look() answers it; also where it was added a moment ago. */
export function find(i: i32): i32 {
  const line = LINES + i * LINE_BYTES;
  const queryStart = load<i32>(line + QUERY_START);
  const queryLength = lengthOf(line, QUERY_START);
  if (queryLength > LONGEST_QUERY) return answer(line, -1);
  const hash = load<i32>(line + HASH);
  const accountStart = load<i32>(line + USER_START);
  const accountLength = min(lengthOf(line, USER_START), LONGEST_ACCOUNT);
  const agentStart = load<i32>(line + AGENT_START);
  const agentLength = min(lengthOf(line, AGENT_START), LONGEST_AGENT);
  let slot = mix(hash) & mask;
  while (true) {
    const number = load<i32>(SLOTS + (slot << 2));
    if (number === 0) return answer(line, 0);
    const row = rowAt(number);
    if (
      load<i32>(row + ROW_HASH) === hash &&
      load<i32>(row + ROW_QUERY) === queryLength &&
      load<i32>(row + ROW_ACCOUNT) === accountLength &&
      load<i32>(row + ROW_AGENT) === agentLength
    ) {
      const text = load<i32>(row + ROW_TEXT);
      if (
        same(text, queryStart, queryLength) &&
        same(text + queryLength, accountStart, accountLength) &&
        same(text + queryLength + accountLength, agentStart, agentLength)
      )
        return answer(line, row >> 2);
    }
    slot = (slot + 1) & mask;
  }
}

/** Adds a row for line `i`, whose hash look() has left there; its own members are 0. The table may start anew. */
export function keep(i: i32): i32 {
  const line = LINES + i * LINE_BYTES;
  const queryLength = lengthOf(line, QUERY_START);
  const accountLength = min(lengthOf(line, USER_START), LONGEST_ACCOUNT);
  const agentLength = min(lengthOf(line, AGENT_START), LONGEST_AGENT);
  if (rows > MOST_ROWS || texts + queryLength + accountLength + agentLength + 256 > TEXTS_END) clear(0);
  const number = rows;
  rows += 1;
  const row = rowAt(number);
  memory.fill(row, 0, ROW_BYTES);
  store<i32>(row + ROW_HASH, load<i32>(line + HASH));
  store<i32>(row + ROW_TEXT, texts);
  store<i32>(row + ROW_QUERY, queryLength);
  store<i32>(row + ROW_ACCOUNT, accountLength);
  store<i32>(row + ROW_AGENT, agentLength);
  memory.copy(texts, load<i32>(line + QUERY_START), queryLength);
  texts += queryLength;
  memory.copy(texts, load<i32>(line + USER_START), accountLength);
  texts += accountLength;
  memory.copy(texts, load<i32>(line + AGENT_START), agentLength);
  texts += agentLength;
  if (rows * 2 > mask + 1 && mask + 1 < MOST_SLOTS) rehash();
  else place(number);
  return answer(line, row >> 2);
}

function answer(line: i32, row: i32): i32 {
  store<i32>(line + ROW, row);
  return row;
}

function rowAt(number: i32): i32 {
  return ROWS + number * ROW_BYTES;
}

function rehash(): void {
  mask = mask * 2 + 1;
  memory.fill(SLOTS, 0, (mask + 1) << 2);
  for (let number = 1; number < rows; number++) place(number);
}

function place(number: i32): void {
  let slot = mix(load<i32>(rowAt(number) + ROW_HASH)) & mask;
  while (load<i32>(SLOTS + (slot << 2)) !== 0) slot = (slot + 1) & mask;
  store<i32>(SLOTS + (slot << 2), number);
}

/** The bits of a hash spread over the low ones, which choose the slot. */
function mix(hash: i32): i32 {
  const folded = (hash ^ (hash >>> 15)) * 0x2c1b3c6d;
  return folded ^ (folded >>> 13);
}

/** Query, account and agent of a line, eight bytes at a step. */
function hashOf(line: i32): i32 {
  let hash = seed;
  hash = hashText(hash, load<i32>(line + QUERY_START), min(lengthOf(line, QUERY_START), LONGEST_QUERY));
  hash = hashText(hash, load<i32>(line + USER_START), min(lengthOf(line, USER_START), LONGEST_ACCOUNT));
  hash = hashText(hash, load<i32>(line + AGENT_START), min(lengthOf(line, AGENT_START), LONGEST_AGENT));
  return <i32>(hash >> 32);
}

function hashText(before: u64, start: i32, length: i32): u64 {
  let hash = before;
  let at = start;
  const end = start + length;
  for (; at + 8 <= end; at += 8) hash = step(hash, load<u64>(at));
  const rest = end - at;
  if (rest > 0) hash = step(hash, load<u64>(at) & (((<u64>1) << (rest << 3)) - 1));
  return step(hash, length);
}

function step(hash: u64, word: u64): u64 {
  return (rotl<u64>(hash, 5) ^ word) * 0x9e3779b97f4a7c15;
}

function same(a: i32, b: i32, length: i32): bool {
  let at = 0;
  for (; at + 16 <= length; at += 16) {
    if (v128.any_true(v128.xor(v128.load(a + at), v128.load(b + at)))) return false;
  }
  if (at + 8 <= length) {
    if (load<u64>(a + at) !== load<u64>(b + at)) return false;
    at += 8;
  }
  const rest = length - at;
  if (rest === 0) return true;
  return ((load<u64>(a + at) ^ load<u64>(b + at)) & (((<u64>1) << (rest << 3)) - 1)) === 0;
}
