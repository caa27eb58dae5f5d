/**
 * How long the event loop was held at most, in milliseconds of this process' own work: on a busy machine a late timer
 * alone proves nothing.
 */
export function watchLoop(): { stop(): number } {
  let last = performance.now();
  let cpu = process.cpuUsage();
  let most = 0;
  const timer = setInterval(measure, 5);

  function measure(): void {
    const now = performance.now();
    const used = process.cpuUsage(cpu);
    most = Math.max(most, Math.min(now - last - 5, (used.user + used.system) / 1000));
    last = now;
    cpu = process.cpuUsage();
  }

  return {
    stop: () => {
      clearInterval(timer);
      measure();
      return most;
    },
  };
}
