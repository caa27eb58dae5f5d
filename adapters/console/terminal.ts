/**
 * The terminal: a line being edited at the bottom, what is said above it. What arrives while somebody types is printed
 * above the line, which stays as it was.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { clearScreenDown, cursorTo, moveCursor } from 'node:readline';
import { createInterface } from 'node:readline/promises';
import stringWidth from 'string-width';
import { historyLines } from './limits.ts';

type TerminalInput = {
  input: NodeJS.ReadableStream;
  /** A terminal's `columns` and `rows` are read where the stream has them. */
  output: NodeJS.WritableStream & { columns?: number; rows?: number };
  /** Whole lines that the typed beginning could become. */
  complete(line: string): readonly string[] | Promise<readonly string[]>;
  /** Earlier lines are read from here and kept here (0600); absent: not kept. */
  historyFile?: string;
  /** Answers to forms hold reasons and names: they are not kept. */
  keepsLine(): boolean;
  onLine(line: string): void;
  /** After each key: the line being typed may be another. */
  onKey?(): void;
  /** Ctrl-C: whether something was left by it, so that the terminal stays open. */
  onInterrupt?(): boolean;
  /** Ctrl-D or a closed terminal, or Ctrl-C. */
  onClose(why: 'end-of-input' | 'interrupt'): void;
};

export type Screen = ReturnType<typeof openTerminal>;

export function openTerminal(options: TerminalInput) {
  const { input, output, historyFile } = options;
  const columns = () => output.columns ?? 80;
  let closed = false;
  let lastCard: { ref: string; height: number; columns: number } | undefined;

  const lines = createInterface({
    input,
    output,
    terminal: true,
    history: historyFile === undefined ? [] : readHistory(historyFile),
    historySize: historyLines,
    removeHistoryDuplicates: true,
    prompt: '> ',
    completer: async (line: string): Promise<[string[], string]> => [[...(await options.complete(line))], line],
  });
  lines.on('history', (history: string[]) => {
    if (!options.keepsLine()) history.shift();
    else if (historyFile !== undefined) writeHistory(historyFile, history);
  });
  lines.on('line', (line) => {
    lastCard = undefined;
    options.onLine(line);
  });
  // readline leaves raw mode when its input ends, which a terminal that is gone answers with EIO; as an error that nobody listens
  // to it would end the process where it stands. Whoever opened the input hears of it, too.
  lines.on('error', () => undefined);
  // readline's own listener came first.
  input.on('keypress', () => {
    if (!closed) options.onKey?.();
  });
  lines.on('SIGINT', () => {
    if (closed) return;
    output.write('\n');
    // What was typed so far goes with the question that it would have answered.
    if (options.onInterrupt?.() === true) lines.write(null, { ctrl: true, name: 'u' });
    else options.onClose('interrupt');
  });
  lines.on('close', () => {
    if (closed) return;
    closed = true;
    output.write('\n');
    options.onClose('end-of-input');
  });

  /** Writes between taking the line being typed away and putting it back. */
  function above(write: () => void): void {
    const { rows } = lines.getCursorPos();
    if (rows > 0) moveCursor(output, 0, -rows);
    cursorTo(output, 0);
    clearScreenDown(output);
    write();
    // readline goes up by what it takes for the line's rows before it draws it again; that is not always what they are
    // (kRefreshLine in Node's lib/internal/readline/interface.js; prevRows is 0 while typing wraps by itself).
    const upwards: unknown = Reflect.get(lines, 'prevRows');
    if (typeof upwards === 'number' && upwards > 0) output.write('\n'.repeat(upwards));
    lines.prompt(true);
  }

  return {
    columns,
    /** Prints above the line being typed. A `ref` names a card that may be rendered over while nothing follows it. */
    print: (printed: readonly string[], ref?: string): void => {
      const text = `${printed.join('\n')}\n`;
      if (closed) {
        output.write(text);
        return;
      }
      above(() => output.write(text));
      lastCard = ref === undefined ? undefined : { ref, height: printed.length, columns: columns() };
    },
    /** Draws over the card that was printed last; false when something stands below it or it does not fit. */
    replace: (ref: string, rendered: readonly string[]): boolean => {
      const card = lastCard;
      if (closed || card?.ref !== ref || card.columns !== columns()) return false;
      const room = (output.rows ?? 0) - 2 - lines.getCursorPos().rows;
      if (card.height > room || rendered.some((line) => stringWidth(line) > columns())) return false;
      above(() => {
        moveCursor(output, 0, -card.height);
        clearScreenDown(output);
        output.write(`${rendered.join('\n')}\n`);
      });
      lastCard = { ref, height: rendered.length, columns: columns() };
      return true;
    },
    prompt: (text: string): void => {
      if (closed) return;
      lines.setPrompt(text);
      lines.prompt(true);
    },
    /** The line being typed, as it stands now. */
    typed: () => lines.line,
    /** As if somebody had typed it. */
    type: (text: string) => lines.write(text),
    close: (): void => {
      closed = true;
      lines.close();
    },
  };
}

/** Newest first, as readline wants them. A history that cannot be read is an empty one: it is only a comfort. */
function readHistory(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean).slice(0, historyLines);
  } catch {
    return [];
  }
}

function writeHistory(file: string, history: readonly string[]): void {
  try {
    writeFileSync(file, `${history.slice(0, historyLines).join('\n')}\n`, { mode: 0o600 });
  } catch {
    // See readHistory.
  }
}
