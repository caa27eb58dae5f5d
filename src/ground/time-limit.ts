/** Thrown by `withTimeLimit`; the work itself goes on, unseen. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError';
}

/**
 * Waits for `work`, but no longer than so many milliseconds; then throws TimeLimitError. Nothing is cancelled: what the work
 * ends with later is nobody's any more, so its rejection is not unhandled.
 */
export async function withTimeLimit<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    // One turn of the loop later: where this process stood still, the answer may be here and not yet read.
    timer = setTimeout(
      () => setImmediate(() => reject(new TimeLimitError(`not done within ${milliseconds} ms`))),
      Math.max(0, milliseconds),
    );
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
