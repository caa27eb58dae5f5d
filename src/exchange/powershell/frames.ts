/**
 * Splits an engine's stdout into frames and the rest. A frame is `<mislaid …>` on one line; only a frame with the right nonce is an
 * answer. node-powershell keeps everything it sees in one growing buffer (quadratic: 20 MB block the event loop for two
 * seconds), so frames are taken out before it sees them, and the rest is counted.
 */
const start = '<mislaid ';

export type Frames = {
  /** Feeds one chunk; returns what is not part of a frame. */
  push(text: string): string;
  /** Characters since the last reset, inside and outside of frames. */
  readonly size: number;
  /** Forgets what is half read: a new call begins. */
  reset(): void;
};

/** `onFrame` receives what stands between `<mislaid ` and `>`. */
export function createFrames(onFrame: (content: string) => void): Frames {
  let size = 0;
  let inside: string[] | undefined;
  // The end of the last chunk that may be the beginning of a frame's mark.
  let tail = '';

  function push(text: string): string {
    size += text.length;
    let rest = '';
    let left = tail + text;
    tail = '';
    while (left !== '') {
      if (inside === undefined) {
        const at = left.indexOf(start);
        if (at < 0) {
          const kept = overlap(left);
          tail = left.slice(left.length - kept);
          return rest + left.slice(0, left.length - kept);
        }
        rest += left.slice(0, at);
        left = left.slice(at + start.length);
        inside = [];
      }
      const end = left.search(/[>\n]/);
      if (end < 0) {
        inside.push(left);
        return rest;
      }
      inside.push(left.slice(0, end));
      const whole = left[end] === '>' ? inside.join('') : undefined;
      inside = undefined;
      left = left.slice(end + 1);
      // A line that ends before its mark does is half a frame: it counts as nothing.
      if (whole !== undefined) onFrame(whole);
    }
    return rest;
  }

  return {
    push,
    get size() {
      return size;
    },
    reset: () => {
      size = 0;
      inside = undefined;
      tail = '';
    },
  };
}

/** How many characters at the end of `text` are the beginning of the mark. */
function overlap(text: string): number {
  for (let length = Math.min(start.length - 1, text.length); length > 0; length -= 1) {
    if (start.startsWith(text.slice(text.length - length))) return length;
  }
  return 0;
}
