/** What one platform says at its start, shown by another: where the browser finds the lab, above the console's prompt. */
export type Announcements = {
  say(sentence: string): void;
  /** Hears everything, also what was said before. */
  listen(listener: (sentence: string) => void): void;
};

export function createAnnouncements(): Announcements {
  const said: string[] = [];
  const listeners: ((sentence: string) => void)[] = [];
  return {
    say: (sentence) => {
      said.push(sentence);
      for (const listener of listeners) listener(sentence);
    },
    listen: (listener) => {
      listeners.push(listener);
      for (const sentence of said) listener(sentence);
    },
  };
}
