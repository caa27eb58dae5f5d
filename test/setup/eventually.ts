import { vi } from 'vitest';

/**
 * Waits until `check` passes, looking every `interval` ms, and answers what it answers. A minute at most: vitest's own second is
 * less than a busy machine stalls for, and what never comes true shows in the error either way.
 */
export function eventually<T>(
  check: () => T | Promise<T>,
  { interval = 50, timeout = 60_000 }: { interval?: number; timeout?: number } = {},
): Promise<T> {
  return vi.waitFor(check, { interval, timeout });
}
