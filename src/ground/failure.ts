import { MislaidError } from './errors.ts';

/** For logs and metrics: our code, the server's, or the error's class. Never its text, which may hold addresses or values. */
export function failureCode(error: unknown): string {
  if (error instanceof MislaidError) return error.code;
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown';
}

/** What `work.last_error` says: the code, and our own message, cut; a stranger's message stays out. */
export function failureText(error: unknown): string {
  if (!(error instanceof MislaidError)) return failureCode(error);
  const text = `${error.code}: ${error.message}`;
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}

/** Where an error was thrown: its stack without its text. */
export function failureWhere(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  return frames?.slice(0, 6).join('\n');
}
